//! nginx, as its owner, with the limits of its rates out of the way.

use std::path::Path;
use std::process::Child;

use crate::owner::run;
use crate::services::{Services, blocking, repository};

/// Limits that no client of a run reaches.
const LIMITS: [(&str, &str); 7] = [
    ("REMIT_RATE_LIMIT", "100000r/s"),
    ("REMIT_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_RATE_LIMIT", "100000r/s"),
    ("REMIT_ADDRESS_RATE_BURST", "100000"),
    ("REMIT_KEY_RATE_LIMIT", "100000r/s"),
    ("REMIT_KEY_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_REQUESTS_MAX", "10000"),
];

/// Starts it in a folder of the owner's, in front of a port.
///
/// # Errors
/// Its configuration cannot be written, or it is not there.
pub async fn start(services: &Services, folder: &Path, upstream: String) -> Result<Child, String> {
    let owner = services.folder.clone();
    let place = folder.display().to_string();
    let listen = format!("127.0.0.1:{}", services.port("nginx"));
    blocking(move || {
        let mut conf = owner.command("sh");
        conf.args(["-c", "exec \"$0\" \"$1\" \"$2\" \"$3\" >\"$3/nginx.conf\""])
            .arg(repository().join("stack/nginx-conf"))
            .args([&listen, &upstream, &place])
            .envs(LIMITS);
        run(&mut conf)?;
        owner
            .command("sh")
            .args(["-c", "exec nginx -e stderr -c \"$0/nginx.conf\" -g 'daemon off;' >>\"$0/nginx.log\" 2>&1"])
            .arg(&place)
            .spawn()
            .map_err(|error| format!("nginx: {error}"))
    })
    .await
}
