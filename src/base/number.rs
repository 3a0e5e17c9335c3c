//! Numbers as text: each in its one spelling, so that no two texts name one thing.

use std::str::FromStr;

/// A whole number, not negative, without sign and leading zeros.
pub fn parse_number<T: FromStr>(text: &str) -> Option<T> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    let number = (is_digits && is_shortest).then(|| text.parse().ok());
    number.flatten()
}

#[cfg(test)]
mod tests {
    use super::parse_number;

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(parse_number::<u16>("0"), Some(0));
        assert_eq!(parse_number::<u16>("65535"), Some(65_535));
        for wrong in [
            "", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "65536",
        ] {
            assert_eq!(parse_number::<u16>(wrong), None, "{wrong}");
        }
    }
}
