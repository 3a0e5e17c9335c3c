//! The witness: keeps the heads of all logs elsewhere, so that a log that is made anew is found.
//!
//! While this worker's relay leads, it exports the heads that have changed, each half a minute and
//! at the end: to a file that is only ever appended to, or to an address.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use remit::base::tls::Trust;
use remit::sql::contract::ops::LogHead;
use remit::sql::pools::Config;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backoff::{doubled, jittered};
use crate::contract::{self, Session};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::webhooks::address::Networks;
use crate::webhooks::client::Client;

/// How often the heads are exported.
const EXPORT_MS: u64 = 30_000;
/// The delay after a first failure, which doubles up to `EXPORT_MS`.
const RETRY_MS_MIN: u64 = 1_000;
/// Heads of one request.
const LINES_MAX: usize = 1_000;
/// The media type of lines of JSON.
const MEDIA_TYPE: &str = "application/x-ndjson";

/// Where heads are exported to.
pub enum Place {
    File(PathBuf),
    Address { url: String, client: Box<Client> },
}

impl Place {
    /// Reads `file:///path` or `https://host/path`; http is for this machine alone.
    ///
    /// # Errors
    /// It is neither. The message does not repeat it.
    pub fn parse(url: &str, trust: &Trust) -> Result<Self, String> {
        const RULE: &str = "must be file:///path, https://host/path, or http:// of this machine";
        if let Some(path) = url.strip_prefix("file://") {
            let path = Path::new(path);
            let is_good = path.is_absolute() && path.file_name().is_some();
            return is_good
                .then(|| Self::File(path.to_owned()))
                .ok_or_else(|| RULE.to_owned());
        }
        let uri: Uri = url.parse().map_err(|_| RULE)?;
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_local = host == "localhost"
            || host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback());
        let tls = match uri.scheme_str() {
            Some("https") if !host.is_empty() => trust.tls()?,
            Some("http") if is_local => trust.tls_to_anyone(),
            _ => return Err(RULE.to_owned()),
        };
        // The operator names the address, whichever network it is in.
        let anywhere = Networks::parse("0.0.0.0/0 ::/0")?;
        Ok(Self::Address {
            url: url.to_owned(),
            client: Box::new(Client::new(tls, anywhere, is_local)),
        })
    }

    /// Writes lines, all or none as far as known.
    async fn write(&self, lines: String) -> Result<(), Error> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let written = spawn_blocking(move || append(&path, &lines)).await;
                let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
                Ok(written?)
            }
            Self::Address { url, client } => {
                let headers = [("content-type", MEDIA_TYPE.to_owned())];
                match client.post(url, &headers, lines.into_bytes()).await {
                    (_, Some(200..=299)) => Ok(()),
                    (outcome, status) => Err(Error::Witness(format!("{outcome:?} {status:?}"))),
                }
            }
        }
    }
}

/// Appends lines to a file and has them on its disk. A line that an earlier process left torn is
/// ended first.
fn append(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let end = if is_torn(&mut file)? { "\n" } else { "" };
    file.write_all(format!("{end}{lines}").as_bytes())?;
    file.sync_all()
}

/// Whether the last line of a file has no end.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Exports the heads of all logs.
pub struct Witness {
    pub postgres: Config,
    pub place: Place,
    pub metrics: Arc<Metrics>,
}

impl Witness {
    /// Exports until the shutdown, and once more then.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let mut exported = HashMap::new();
        let mut failures = 0;
        let mut pause = Duration::from_millis(RETRY_MS_MIN);
        loop {
            let is_over = shutdown.run_until_cancelled(sleep(pause)).await.is_none();
            pause = Duration::from_millis(EXPORT_MS);
            if !self.metrics.is_leading() {
                exported.clear();
                pause = Duration::from_millis(RETRY_MS_MIN);
            } else if let Err(error) = self.export(&mut exported).await {
                failures += 1;
                let first = Duration::from_millis(RETRY_MS_MIN);
                pause = jittered(doubled(first, failures).min(pause));
                tracing::error!(%error, "heads were not exported");
            } else {
                failures = 0;
            }
            if is_over {
                return;
            }
        }
    }

    /// Exports the heads that are other ones than those exported last, by ledger.
    async fn export(&self, exported: &mut HashMap<i64, i64>) -> Result<(), Error> {
        let session = Session::connect(&self.postgres).await?;
        let mut heads = contract::log_head(&session, None).await?;
        heads.retain(|head| exported.get(&head.ledger_id) != Some(&head.block));
        for some in heads.chunks(LINES_MAX) {
            self.place.write(lines_of(some)).await?;
            exported.extend(some.iter().map(|head| (head.ledger_id, head.block)));
        }
        self.metrics.heads_exported(heads.len());
        Ok(())
    }
}

/// A line of JSON a head, as `remit verify --export` writes them.
fn lines_of(heads: &[LogHead]) -> String {
    let line = |head| serde_json::to_string(head).expect("a mirror has text for keys") + "\n";
    heads.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[test]
    fn a_place_is_a_file_an_address_with_tls_or_this_machine() {
        let parse = |url| Place::parse(url, &Trust::default());
        let file = parse("file:///srv/heads.jsonl").expect("a file");
        assert!(matches!(file, Place::File(path) if path == Path::new("/srv/heads.jsonl")));
        for url in [
            "http://127.0.0.1:9/heads",
            "http://localhost/x",
            "http://[::1]:9/",
        ] {
            assert!(matches!(parse(url), Ok(Place::Address { .. })), "{url}");
        }
        for url in [
            "http://example.com/x",
            "file://heads",
            "file:///",
            "ftp://x/",
            "heads",
            "",
        ] {
            let refused = parse(url).err().expect(url);
            assert!(refused.starts_with("must be file:///path"), "{refused}");
        }
    }

    #[test]
    fn a_torn_line_is_ended_before_others_are_appended() {
        let path = env::temp_dir().join(format!("remit-heads-{}", process::id()));
        append(&path, "{\"one\":1}\n").expect("written");
        append(&path, "{\"two").expect("written");
        append(&path, "{\"three\":3}\n").expect("written");
        let text = fs::read_to_string(&path).expect("it is there");
        fs::remove_file(&path).expect("it is there");
        assert_eq!(text, "{\"one\":1}\n{\"two\n{\"three\":3}\n");
    }
}
