//! Reads configuration from environment variables and reports all that is wrong at once.

use std::fmt::Display;
use std::str::FromStr;

type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// A reader of variables that collects errors until `finish`.
pub struct Environment {
    lookup: Lookup,
    errors: Vec<String>,
}

impl Environment {
    /// Reads the environment of this process. An empty variable counts as absent.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn of_process() -> Self {
        Self::with_lookup(|name| std::env::var(name).ok())
    }

    /// Reads variables from elsewhere.
    pub fn with_lookup(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self {
            lookup: Box::new(lookup),
            errors: Vec::new(),
        }
    }

    /// A variable that may be absent.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The same, parsed. What is wrong with the value is kept.
    ///
    /// The value itself is not repeated: it may be a secret.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = parse(&self.text(name)?);
        let keep = |error| self.errors.push(format!("{name}: {error}"));
        value.map_err(keep).ok()
    }

    /// The same of a variable that must be there.
    pub fn required<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.text(name).is_none() {
            self.errors.push(format!("{name} is not set"));
        }
        self.optional(name, parse)
    }

    /// A variable with a default, parsed and checked. `rule` says what a good value is.
    pub fn parsed<T: FromStr + Display>(
        &mut self,
        name: &str,
        default: T,
        rule: &str,
        is_good: impl Fn(&T) -> bool,
    ) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        match text.parse::<T>() {
            Ok(value) if is_good(&value) => value,
            _ => {
                self.errors.push(format!("{name} must be {rule}"));
                default
            }
        }
    }

    /// What was read, if all of it was good.
    ///
    /// # Errors
    /// All that was wrong, one a line.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, String> {
        read.filter(|_| self.errors.is_empty())
            .ok_or_else(|| self.errors.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn all_errors_are_reported_at_once() {
        let mut environment = Environment::with_lookup(|name| match name {
            "SIZE" => Some("many".to_owned()),
            _ => None,
        });
        environment.required("URL", str::parse::<u8>);
        environment.parsed("SIZE", 4, "a number from 1 to 9", |size| {
            (1..=9).contains(size)
        });
        let errors = environment
            .finish(Some(()))
            .expect_err("two variables are wrong");
        assert_eq!(errors, "URL is not set\nSIZE must be a number from 1 to 9");
    }
}
