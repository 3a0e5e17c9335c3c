//! What a machine can check of how Remit is packaged: containers, units of systemd, licences.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use testbed::place::repository;

use crate::tidy::{file, files};

/// The lines below the first that starts so, up to the next one that is indented as little; none if
/// there is no such line.
fn block(text: &str, start: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(start));
    let head = lines.next().map_or(0, indent);
    let below = lines.take_while(|line| line.trim().is_empty() || indent(line) > head);
    below.map(|line| format!("{line}\n")).collect()
}

/// The settings of each service, with those that it takes over.
fn services() -> BTreeMap<String, String> {
    let text = file("compose.yml");
    let services = block(&text, "services:");
    let names = services.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name.then_some(name)
    });
    let settings = names.map(|name| {
        let mut settings = block(&services, &format!("  {name}:"));
        for taken in ["remit", "confined"] {
            if settings.contains(&format!("<<: *{taken}\n")) {
                settings += &block(&text, &format!("x-{taken}:"));
            }
        }
        (name.to_owned(), settings)
    });
    settings.collect()
}

#[test]
fn every_container_is_confined() {
    let services = services();
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    let all = [
        "app", "db", "migrate", "nginx", "rabbitmq", "redis", "worker",
    ];
    assert_eq!(names, all);
    // The image of both programs names its user itself.
    assert!(file("Dockerfile").contains("\nUSER 10001:10001\n"));
    for (name, settings) in &services {
        for setting in [
            "cap_drop: [ALL]",
            "security_opt: [\"no-new-privileges:true\"]",
            "read_only: true",
            "pids_limit: ",
            "mem_limit: ",
        ] {
            assert!(settings.contains(setting), "{name}: {setting}");
        }
        let has_user = settings.contains("\n    user: ") || settings.contains("image: remit\n");
        assert!(has_user && !settings.contains("user: root"), "{name}");
        for risk in [
            "privileged",
            "cap_add",
            "read_only: false",
            "docker.sock",
            "pid: host",
        ] {
            // As a setting, not as a part of another word.
            let has = settings.lines().any(|line| line.trim().starts_with(risk));
            assert!(!has, "{name}: {risk}");
        }
        for line in settings.lines().filter(|line| line.contains("ports:")) {
            let ports = line.split('"').skip(1).step_by(2);
            for port in ports {
                assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
            }
        }
    }
}

#[test]
fn the_image_is_built_from_the_whole_workspace() {
    let (image, context) = (file("Dockerfile"), file(".dockerignore"));
    let manifest = file("Cargo.toml");
    let (_, members) = manifest.split_once("members = [").expect("a workspace");
    let (members, _) = members.split_once(']').expect("it ends");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() >= 4, "{members:?}");
    for member in members {
        let copied = format!("COPY {member}/Cargo.toml {member}/\n");
        assert!(image.contains(&copied), "{copied}");
        let source = format!(" {member}/src");
        assert!(image.contains(&source), "{source}");
        let sent = [
            format!("\n!{member}/Cargo.toml\n"),
            format!("\n!{member}\n"),
        ];
        assert!(sent.iter().any(|sent| context.contains(sent)), "{member}");
    }
    // What is copied is also sent to the one who builds.
    for line in image.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let mut sources: Vec<&str> = line.split(' ').collect();
        sources.pop();
        for source in sources.iter().filter(|_| !line.starts_with("--from")) {
            let folder = source.split('/').next().unwrap_or(source);
            let is_sent = [source, folder]
                .iter()
                .any(|name| context.contains(&format!("\n!{name}\n")));
            assert!(is_sent, ".dockerignore keeps {source} back");
        }
    }
    // What the build reads of its environment comes in as an argument.
    assert!(file("build.rs").contains("var(\"REMIT_COMMIT\")"));
    let (before, after) = image
        .split_once("\nARG REMIT_COMMIT\n")
        .expect("an argument");
    assert!(before.contains("COPY build.rs") && after.contains("RUN cargo build"));
    assert!(file("compose.yml").contains("\n        REMIT_COMMIT: ${REMIT_COMMIT:-}\n"));
}

#[test]
fn no_password_of_compose_is_an_argument() {
    for (name, settings) in services() {
        let mut commands = block(&settings, "    command:");
        let lines = settings.lines();
        commands.extend(lines.filter(|line| line.starts_with("    command: ")));
        assert!(!commands.contains("PASSWORD"), "{name}: {commands}");
    }
}

#[test]
fn units_of_systemd_leave_the_programs_nothing_but_the_network() {
    let units = files("packaging/systemd", ".service");
    assert_eq!(units.len(), 2);
    for (path, text) in units {
        for setting in [
            "DynamicUser=yes",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "CapabilityBoundingSet=",
            "MemoryDenyWriteExecute=yes",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "SystemCallFilter=@system-service",
            "UMask=0077",
        ] {
            assert!(
                text.lines().any(|line| line == setting),
                "{path}: {setting}"
            );
        }
        // Everybody can read a unit.
        assert!(
            !text.lines().any(|line| line.starts_with("Environment=")),
            "{path}"
        );
    }
}

/// Whether an expression of SPDX, as package manifests have it, is met by licences of the list. Of
/// nested ones it asks too much rather than too little.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    let is_allowed = |licence: &str| allowed.iter().any(|name| name == licence);
    let mut parts = expression.split(" AND ");
    parts.all(|part| part.split(" OR ").any(is_allowed))
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for (expression, is_good) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("Apache-2.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(Apache-2.0 OR MIT) AND ISC", true),
        ("(Apache-2.0 OR MIT) AND GPL-3.0", false),
    ] {
        assert_eq!(is_met(expression, &allowed), is_good, "{expression}");
    }
}

#[test]
fn every_licence_is_one_that_deny_toml_allows() {
    let deny = file("deny.toml");
    let (_, list) = deny.split_once("allow = [").expect("there is a list");
    let (list, _) = list.split_once(']').expect("it ends");
    let allowed: Vec<String> = list
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert!(allowed.len() >= 4, "{allowed:?}");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(repository())
        .output()
        .expect("cargo runs this test");
    assert!(metadata.status.success(), "{metadata:?}");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    assert!(packages.len() > 100, "{} packages", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_met(licence, &allowed), "{}: {licence}", package["name"]);
        // Nothing from elsewhere than the registry and this repository.
        let source = package["source"].as_str().unwrap_or("registry+");
        assert!(
            source.starts_with("registry+"),
            "{}: {source}",
            package["name"]
        );
    }
}
