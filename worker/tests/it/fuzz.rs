//! Whatever lies in a queue: the worker reads it or says what is wrong, and does not fall. Each
//! test goes on from tests/corpus; `PROPTEST_CASES` asks for more of it.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use remit_worker::{event, letter};
use testbed::fuzz::input;

const HEADERS: [&str; 4] = ["x-attempt", "x-dead-reason", "x-dead-at", "CC"];

fn value() -> impl Strategy<Value = AMQPValue> {
    let text = "\\PC{0,40}";
    prop_oneof![
        any::<i64>().prop_map(AMQPValue::LongLongInt),
        any::<u32>().prop_map(AMQPValue::LongUInt),
        any::<i8>().prop_map(AMQPValue::ShortShortInt),
        any::<f64>().prop_map(AMQPValue::Double),
        any::<bool>().prop_map(AMQPValue::Boolean),
        text.prop_map(|text| AMQPValue::LongString(text.into())),
        vec(any::<u8>(), 0..40).prop_map(|bytes| AMQPValue::LongString(bytes.into())),
        Just(AMQPValue::Void),
    ]
}

fn properties() -> impl Strategy<Value = BasicProperties> {
    let headers = vec((select(&HEADERS[..]), value()), 0..5);
    let text = || proptest::option::of("\\PC{0,60}");
    (proptest::option::of(headers), text(), text()).prop_map(|(headers, id, kind)| {
        let mut properties = BasicProperties::default();
        if let Some(headers) = headers {
            let mut table = FieldTable::default();
            for (name, value) in headers {
                table.insert(name.into(), value);
            }
            properties = properties.with_headers(table);
        }
        if let Some(id) = id {
            properties = properties.with_message_id(id.as_str().into());
        }
        match kind {
            Some(kind) => properties.with_type(kind.as_str().into()),
            None => properties,
        }
    })
}

proptest! {
    #[test]
    fn every_message_is_an_event_or_refused_in_constant_words(body in input("events")) {
        match event::decode(&body) {
            Ok(event) => {
                event.key();
                prop_assert!(!event::full_type(&event.kind).contains('\0'));
            }
            Err(reason) => prop_assert!(!reason.is_empty()),
        }
    }

    #[test]
    fn every_letter_can_be_sent_on_and_described(
        body in input("events"),
        properties in properties(),
        attempts in 1..=6_u32,
    ) {
        let mut delivery = Delivery::mock(1, "".into(), "".into(), false, body);
        delivery.properties = properties;
        let attempt = letter::attempt(&delivery);
        prop_assert!(attempt >= 1);
        letter::event_id(&delivery);
        for message in [letter::dead(&delivery, attempts, "why"), letter::replayed(&delivery)] {
            prop_assert_eq!(&message.body, &delivery.data);
        }
        let described = letter::describe_dead(&delivery);
        prop_assert!(described.is_object());
    }
}
