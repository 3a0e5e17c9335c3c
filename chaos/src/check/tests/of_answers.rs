//! Answers to transfers, wallets and users.

use super::*;

#[test]
fn another_answer_to_the_same_key_is_found() {
    let rules = found(|run| {
        let mut other = run.keyed(9).answers[0].clone();
        other.body.push(' ');
        run.keyed(9).answers.push(other);
    });
    assert_eq!(rules, [Rule::AnswersIdentical].into());
}

#[test]
fn each_member_of_an_answer_counts() {
    let members = body(&row(9, 5, 2, -15, 15));
    for name in members.as_object().expect("it is one").keys() {
        let rules = found(|run| {
            let answer = &mut run.keyed(9).answers[0];
            let mut body: Value = serde_json::from_str(&answer.body).expect("it is JSON");
            body[name] = json!("something else");
            answer.body = body.to_string();
        });
        assert_eq!(rules, [Rule::AnswerIsTheRow].into(), "{name}");
    }
}

#[test]
fn a_reused_key_that_is_answered_is_found() {
    let rules = found(|run| {
        let answer = run.keyed(9).answers[0].clone();
        run.keyed(9).reuse_answers.push(answer);
    });
    assert_eq!(rules, [Rule::ReuseRefused].into());
}

#[test]
fn another_request_than_was_made_is_found() {
    let rules = found(|run| {
        let wanted = run.keyed(9).transfer.as_mut();
        wanted.expect("it was asked for").amount = 4;
    });
    assert!(rules.contains(&Rule::RequestIsTheRow), "{rules:?}");
}

#[test]
fn metadata_and_a_currency_that_nobody_asked_for_are_found() {
    let with = |spoil: fn(&mut JournalRow)| {
        found(|run| {
            let row = run.books.journal.get_mut(&Uuid::from_u128(9));
            spoil(row.expect("it is there"));
        })
    };
    let rules = with(|row| row.metadata = json!({"a": "b"}));
    assert!(rules.contains(&Rule::RequestIsTheRow), "{rules:?}");
    let rules = with(|row| row.currency = "USD".to_owned());
    assert!(rules.contains(&Rule::RejectionsWereDue), "{rules:?}");
}

#[test]
fn a_look_that_tells_no_row_is_found() {
    let look = |id, status, body: Value| {
        found(|run| {
            let keyed = run.facts.transfers.entry(Uuid::from_u128(id)).or_default();
            let body = body.to_string();
            keyed.looks.push(Answer { status, body });
        })
    };
    let mut told = body(&row(9, 5, 2, -15, 15));
    (told["reversed"], told["reversal_ids"]) = (json!(0), json!([]));
    assert_eq!(look(9, 200, told.clone()), BTreeSet::new());
    assert_eq!(look(9, 404, json!({})), [Rule::AnswerIsTheRow].into());
    assert_eq!(look(77, 200, told), [Rule::AnswerIsTheRow].into());
}

#[test]
fn an_answer_that_fits_no_row_is_found() {
    let answered = |status: Option<u16>, row: Option<Row>| {
        found(|run| {
            let keyed = run.facts.transfers.entry(Uuid::from_u128(77)).or_default();
            let body = String::new();
            keyed
                .answers
                .extend(status.map(|status| Answer { status, body }));
            keyed.rows.extend(row);
        })
    };
    assert_eq!(answered(Some(404), None), [Rule::UnexpectedAnswer].into());
    assert_eq!(answered(Some(422), None), [Rule::AcknowledgedOnce].into());
    let refused = Row::Refused("WL001".to_owned());
    assert_eq!(
        answered(None, Some(refused)),
        [Rule::UnexpectedAnswer].into()
    );
    let result = Row::Result(json!({}));
    assert_eq!(
        answered(None, Some(result)),
        [Rule::AcknowledgedOnce].into()
    );
}

#[test]
fn a_wallet_and_a_user_that_were_lost_or_made_by_nobody_are_found() {
    let answer = Answer {
        status: 201,
        body: String::new(),
    };
    let lost = found(|run| {
        let made = run.facts.wallets.get_mut(&Uuid::from_u128(2));
        made.expect("it is one of the two")
            .answers
            .push(answer.clone());
        run.books.wallets.remove(&Uuid::from_u128(2));
    });
    assert!(lost.contains(&Rule::AcknowledgedOnce), "{lost:?}");
    let other = found(|run| {
        let made = run.facts.wallets.get_mut(&Uuid::from_u128(2));
        made.expect("it is one of the two").answers.push(answer);
    });
    assert_eq!(other, [Rule::AnswerIsTheRow].into());
    let stray = found(|run| {
        run.facts.wallets.remove(&Uuid::from_u128(2));
        let user = UserRow {
            name: "Ann".to_owned(),
            created_at_us: 0,
        };
        run.books.users.insert(Uuid::from_u128(5), user);
    });
    assert_eq!(stray, [Rule::OneEffectPerKey].into());
}
