//! Clients that generators of others make of the description, against the service; and linters of
//! others, against the descriptions. `stack/clients` has made them ready, and `tests/clients/` has
//! what is done with them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testbed::folder::owned_folder;
use testbed::place::{repository, setting};
use testbed::postgres::ADMIN_KEY;
use testbed::process::{blocking, run};

use crate::front::Front;

/// A folder of a test's own with what is in `tests/clients/` and the description.
pub struct Workshop {
    pub tools: PathBuf,
    folder: PathBuf,
}

impl Workshop {
    pub fn open() -> Self {
        let workshop = Self {
            tools: PathBuf::from(setting("REMIT_TEST_CLIENTS")),
            folder: owned_folder("clients"),
        };
        workshop.put("openapi.json", remit::http::docs::OPENAPI);
        workshop.put("asyncapi.json", remit::http::docs::ASYNCAPI);
        let sources = fs::read_dir(repository().join("tests/clients")).expect("it is a folder");
        for source in sources {
            let source = source.expect("it is readable").path();
            let name = source.file_name().expect("a file has a name");
            let text = fs::read(&source).expect("it is readable");
            workshop.put(&name.to_string_lossy(), &text);
        }
        let modules = workshop.folder.join("node_modules");
        symlink(workshop.tools.join("node_modules"), modules).expect("a link can be made");
        workshop
    }

    /// Writes a file into the folder.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.join(name), bytes).expect("the folder can be written");
    }

    /// A command in the folder. It finds the tools first.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let tools = ["node/bin", "python/bin"].map(|place| self.tools.join(place));
        let [node, python] = tools.map(|place| place.display().to_string());
        command
            .current_dir(&self.folder)
            .env("PATH", format!("{node}:{python}:/usr/bin:/bin"))
            .env("NO_COLOR", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// A program of npm's.
    fn node(&self, program: &str) -> Command {
        let mut command = self.command(&self.tools.join("node/bin/node"));
        command.arg(self.tools.join("node_modules/.bin").join(program));
        command
    }

    pub fn python(&self, program: &str) -> Command {
        self.command(&self.tools.join("python/bin").join(program))
    }
}

/// What a command prints.
async fn said(mut command: Command) -> String {
    let said = blocking(move || run(&mut command)).await;
    said.unwrap_or_else(|error| panic!("{error}"))
}

/// Runs what uses the service through nginx.
async fn use_service(mut command: Command, front: &Front) {
    command
        .env("REMIT_URL", &front.http.base)
        .env("REMIT_API_KEY", ADMIN_KEY);
    assert_eq!(said(command).await.trim(), "done");
}

#[tokio::test]
async fn the_descriptions_meet_the_recommended_rules_of_linters() {
    let workshop = Workshop::open();
    let mut spectral = workshop.node("spectral");
    spectral.args(["lint", "--ruleset", "spectral.yaml"]);
    spectral.args(["openapi.json", "asyncapi.json"]);
    spectral.args(["--fail-severity", "hint"]);
    said(spectral).await;
    let mut redocly = workshop.node("redocly");
    redocly.args(["lint", "--config", "redocly.yaml", "openapi.json"]);
    redocly.args(["--format", "json"]);
    redocly.env("REDOCLY_TELEMETRY", "off");
    redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    // It succeeds in spite of warnings.
    let report = said(redocly).await;
    let report: Value = serde_json::from_str(&report).expect("the report is JSON");
    assert_eq!(report["problems"], Value::Array(Vec::new()), "{report}");
}

#[tokio::test]
async fn a_generated_client_in_python_reads_every_answer_as_its_type() {
    let (workshop, front) = (Workshop::open(), Front::start().await);
    let mut generator = workshop.python("openapi-python-client");
    generator.args(["generate", "--path", "openapi.json", "--meta", "none"]);
    generator.args(["--output-path", "remit_client", "--fail-on-warning"]);
    said(generator).await;
    let mut client = workshop.python("python3");
    client.arg("client.py");
    use_service(client, &front).await;
    front.stack.verify().await;
}

#[tokio::test]
async fn generated_clients_in_typescript_compile_and_read_every_answer_as_its_type() {
    let (workshop, front) = (Workshop::open(), Front::start().await);
    let mut types = workshop.node("openapi-typescript");
    types.args(["openapi.json", "-o", "generated/openapi_typescript.ts"]);
    said(types).await;
    let mut client = workshop.node("openapi-ts");
    client.args(["--silent", "--no-log-file"]);
    said(client).await;
    said(workshop.node("tsc")).await;
    for name in ["openapi_typescript", "hey_api"] {
        let mut client = workshop.command(&workshop.tools.join("node/bin/node"));
        client.arg(format!("built/{name}.js"));
        use_service(client, &front).await;
    }
    front.stack.verify().await;
}
