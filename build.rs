//! Rebuilds the crate when a migration or a function changes: both are compiled in.

fn main() {
    println!("cargo::rerun-if-changed=sql/migrations");
    println!("cargo::rerun-if-changed=sql/functions");
}
