//! Certificates of a test's own, and what the shared servers' certificate is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::folder::{Folder, owned_folder, run_as_owner};
use crate::place::setting;

/// A certificate and its key, as files.
pub struct Certificate {
    pub file: PathBuf,
    pub key: PathBuf,
}

/// Signs certificates. No program trusts it unless told to.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// A new one.
    pub fn create() -> Self {
        let authority = Self {
            folder: owned_folder("authority"),
        };
        let extension = ["-addext", "keyUsage=critical,keyCertSign"];
        authority.make("authority", &extension);
        authority
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A certificate for names such as `IP:127.0.0.1`.
    pub fn certify(&self, names: &str) -> Certificate {
        let (file, key) = (self.file(), self.folder.join("authority.key"));
        let names = format!("subjectAltName={names}");
        self.make(
            "server",
            &[
                ["-CA", text(&file)],
                ["-CAkey", text(&key)],
                ["-addext", &names],
                ["-addext", "basicConstraints=critical,CA:FALSE"],
            ]
            .concat(),
        );
        Certificate {
            file: self.folder.join("server.pem"),
            key: self.folder.join("server.key"),
        }
    }

    fn make(&self, name: &str, options: &[&str]) {
        let (file, key) = (
            self.folder.join(format!("{name}.pem")),
            self.folder.join(format!("{name}.key")),
        );
        // No two authorities have the same name.
        let folder = self.folder.file_name().expect("it has a name");
        let subject = format!("/CN={} {name}", folder.display());
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "2", "-subj", &subject];
        arguments.extend(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        arguments.extend(["-out", text(&file), "-keyout", text(&key)]);
        arguments.extend(options);
        run_as_owner("openssl", &arguments);
    }
}

/// What `REMIT_TLS_CA_FILE` should be to trust the shared PostgreSQL and RabbitMQ and this
/// authority.
pub fn trusting(authority: &Authority) -> String {
    let shared = fs::read_to_string(setting("REMIT_TEST_TLS_CA")).expect("`make test` made it");
    let own = fs::read_to_string(authority.file()).expect("it was made");
    let file = authority.folder.join("trusted.pem");
    let written = Folder::of_tests().write(&file, (shared + &own).as_bytes());
    written.unwrap_or_else(|error| panic!("{error}"));
    text(&file).to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}
