//! Bodies of every kind.

use super::*;

fn code<T>(result: Result<T, Problem>) -> Option<Code> {
    result.err().map(|problem| problem.code)
}

#[test]
fn only_an_object_is_a_body() {
    for body in ["[]", "null", "1", r#"{"a":1,"a":2}"#] {
        assert_eq!(
            code(Fields::parse(body.as_bytes())),
            Some(Code::MalformedBody),
            "{body}"
        );
    }
    let deep = "[".repeat(100_000);
    for body in ["", "{", "{} {}", "{'a':1}", "\u{feff}{}", &deep] {
        assert_eq!(
            code(Fields::parse(body.as_bytes())),
            Some(Code::MalformedJson),
            "{body:.20}"
        );
    }
    assert_eq!(
        code(Fields::parse(b"{\"a\":\"\xff\"}")),
        Some(Code::MalformedJson)
    );
}

#[test]
fn integers_are_exact() {
    let body = br#"{"a":1.5,"b":1e2,"c":"1","d":99999999999999999999,"e":-7,"f":true,"g":1.00}"#;
    let mut fields = Fields::parse(body).expect("an object");
    for name in ["a", "b", "c", "f"] {
        assert_eq!(
            code(fields.integer(name)),
            Some(Code::MalformedBody),
            "{name}"
        );
    }
    assert_eq!(code(fields.integer("d")), Some(Code::InvalidField));
    assert_eq!(fields.integer("e"), Ok(-7));
    assert_eq!(fields.integer("g"), Ok(1));
}

#[test]
fn null_is_absent_but_for_a_nullable() {
    let mut fields = Fields::parse(br#"{"a":null,"b":null}"#).expect("an object");
    assert_eq!(fields.optional_text("a"), Ok(None));
    assert_eq!(fields.nullable_integer("b", 0), Ok(None));
    assert_eq!(fields.nullable_integer("c", 0), Ok(Some(0)));
    assert_eq!(code(fields.integer("d")), Some(Code::MalformedBody));
}

#[test]
fn a_member_may_have_to_be_there_and_be_null() {
    let mut fields = Fields::parse(br#"{"a":null,"b":7}"#).expect("an object");
    assert_eq!(fields.required_nullable_integer("a"), Ok(None));
    assert_eq!(fields.required_nullable_integer("b"), Ok(Some(7)));
    let absent = fields.required_nullable_integer("c");
    assert_eq!(code(absent), Some(Code::MalformedBody));
}

#[test]
fn a_moment_is_written_as_in_rfc_3339() {
    let body = br#"{"a":"2030-01-31T12:00:00Z","b":"2030-01-31","c":1,"d":null}"#;
    let mut fields = Fields::parse(body).expect("an object");
    assert!(
        fields
            .optional_moment("a")
            .is_ok_and(|moment| moment.is_some())
    );
    assert_eq!(code(fields.optional_moment("b")), Some(Code::InvalidField));
    assert_eq!(code(fields.optional_moment("c")), Some(Code::MalformedBody));
    assert_eq!(fields.optional_moment("d"), Ok(None));
}

#[test]
fn metadata_is_flat_strings() {
    for value in [
        r#"{"a":1}"#,
        r#"{"a":{}}"#,
        "[]",
        r#"{"a":"1","a":"2"}"#,
        r#""a""#,
        r#"{"a":"\ud800"}"#,
    ] {
        let mut fields =
            Fields::parse(format!(r#"{{"m":{value}}}"#).as_bytes()).expect("an object");
        assert_eq!(
            code(fields.metadata("m")),
            Some(Code::MalformedBody),
            "{value}"
        );
    }
    let mut fields = Fields::parse(br#"{"m":{"a":"x\u0000"}}"#).expect("an object");
    assert_eq!(code(fields.metadata("m")), Some(Code::InvalidField));
}

#[test]
fn unknown_members_are_refused() {
    let mut fields = Fields::parse(br#"{"a":"x","b":1}"#).expect("an object");
    assert_eq!(fields.text("a"), Ok("x".to_owned()));
    assert_eq!(code(fields.finish()), Some(Code::UnknownField));
}
