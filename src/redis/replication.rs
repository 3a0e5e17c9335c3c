//! Which Redis answers. Its replication id is the name of one history of writes: a Redis that
//! starts anew or is promoted has another one, whatever it was started with.

use redis::Cmd;

/// What to ask.
pub(super) fn info() -> Cmd {
    redis::cmd("INFO").arg("replication").to_owned()
}

/// The replication id in what `INFO replication` says, if it is a master that says it. A replica
/// names its master's, and may be behind.
pub(super) fn master_id(info: &str) -> Option<&str> {
    let value = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    if value("role") != Some("master") {
        return None;
    }
    value("master_replid").filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::master_id;

    #[test]
    fn only_a_master_has_an_id() {
        let info = "# Replication\r\nrole:master\r\nmaster_replid:8a\r\nmaster_replid2:00\r\n";
        assert_eq!(master_id(info), Some("8a"));
        assert_eq!(master_id(&info.replace("role:master", "role:slave")), None);
        assert_eq!(master_id("role:master\r\nmaster_replid:\r\n"), None);
        assert_eq!(master_id(""), None);
    }
}
