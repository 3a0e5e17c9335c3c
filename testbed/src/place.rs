//! Where things are: the repository, the built programs, and what `make test` has started.

use std::env;
use std::path::{Path, PathBuf};

/// A variable that `make test` sets.
pub fn setting(name: &str) -> String {
    optional_setting(name)
        .unwrap_or_else(|| panic!("{name} is not set: these tests run under `make test`"))
}

/// The same where there need be none.
#[expect(clippy::disallowed_methods, reason = "a test is no program")]
pub fn optional_setting(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The folder that holds `sql` and `stack`.
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = package.parent();
    repository.expect("the package lies in the repository")
}

/// The folder of the built programs: this program's own, or the one above for a test.
pub fn programs() -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    let folder = own.parent().unwrap_or(Path::new("."));
    let above = folder.parent().filter(|_| folder.ends_with("deps"));
    above.unwrap_or(folder).to_owned()
}
