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

    /// A variable that must be there.
    pub fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.errors.push(format!("{name} is not set"));
            String::new()
        })
    }

    /// A variable that may be absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A variable with a default, parsed and checked. `rule` says what a good value is.
    pub fn parsed<T: FromStr + Display>(
        &mut self,
        name: &str,
        default: T,
        rule: &str,
        is_good: impl Fn(&T) -> bool,
    ) -> T {
        let Some(text) = self.optional(name) else {
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

    /// Checks a value that was read, and keeps what is wrong with it. The value itself is not repeated:
    /// it may be a secret.
    pub fn check<T, E: Display>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.errors.push(format!("{name}: {error}")))
            .ok()
    }

    /// Ok when everything read so far was good; otherwise all errors, one a line.
    pub fn finish(self) -> Result<(), String> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors.join("\n"))
        }
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
        environment.required("URL");
        environment.parsed("SIZE", 4, "a number from 1 to 9", |size| {
            (1..=9).contains(size)
        });
        let errors = environment.finish().expect_err("two variables are wrong");
        assert_eq!(errors, "URL is not set\nSIZE must be a number from 1 to 9");
    }
}
