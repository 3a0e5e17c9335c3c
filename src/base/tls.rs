//! TLS to PostgreSQL, Redis and RabbitMQ.
//!
//! Certificate and host name are always verified: against the system's roots, or against the one
//! file that the configuration names.

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::base::environment::Environment;

/// What a client of TLS needs. Clones share it.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// TLS 1.2 and 1.3, trusting these roots alone.
    fn new(roots: RootCertStore) -> Self {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has suites for both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    /// For libraries that make the connection themselves.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }

    /// Speaks TLS on a connection to `host`, a name or an address without brackets.
    ///
    /// # Errors
    /// The other side has no TLS, or no certificate for this host from a trusted authority.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(self.client_config())
            .connect(name, stream)
            .await
    }
}

/// Which authorities to trust. The system's roots are read when a URL first asks for TLS.
#[derive(Default)]
pub struct Trust {
    of_file: Option<RootCertStore>,
    tls: OnceCell<Result<Tls, String>>,
}

impl Trust {
    /// Trusts the certificates in the PEM file that a variable names, and no others. Without the
    /// variable it trusts the system's.
    pub fn read(environment: &mut Environment, name: &str) -> Self {
        let file = environment.optional(name, Self::of_file);
        file.unwrap_or_default()
    }

    /// The certificates in a PEM file, and no others.
    ///
    /// # Errors
    /// The file cannot be read, or holds no certificate.
    pub fn of_file(file: &str) -> Result<Self, String> {
        let roots = roots_of_file(file)?;
        Ok(Self {
            of_file: Some(roots.clone()),
            tls: OnceCell::from(Ok(Tls::new(roots))),
        })
    }

    /// TLS with these certificates.
    ///
    /// # Errors
    /// The system has no roots.
    pub fn tls(&self) -> Result<Tls, String> {
        self.tls
            .get_or_init(|| roots_of_system().map(Tls::new))
            .clone()
    }

    /// TLS to hosts that are not Remit's: with the system's certificates and those of the file.
    /// Without any of them every host is refused.
    pub fn tls_to_anyone(&self) -> Tls {
        let mut roots = self.of_file.clone().unwrap_or_else(RootCertStore::empty);
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Tls::new(roots)
    }
}

fn roots_of_file(file: &str) -> Result<RootCertStore, String> {
    const RULE: &str = "must name a file of certificates in PEM";
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| format!("{RULE}: {error}"))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| format!("{RULE}: {error}"))?;
        let added = roots.add(certificate);
        added.map_err(|error| format!("{RULE}: {error}"))?;
    }
    if roots.is_empty() {
        return Err(format!("{RULE}: it holds none"));
    }
    Ok(roots)
}

fn roots_of_system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // Some of a system's may be odd; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let rule = "asks for TLS, and the system has no root certificates";
        return Err(format!("{rule}: set REMIT_TLS_CA_FILE"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        for file in ["/nothing/there", "/dev/null", "Cargo.toml"] {
            let refused = Trust::of_file(file).err().expect("there are none");
            assert!(refused.contains("must name a file"), "{file}: {refused}");
        }
    }
}
