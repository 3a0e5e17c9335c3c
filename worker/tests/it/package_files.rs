//! What a package has beside the programs: made of the command lines, whole.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use testbed::folder::owned_folder;
use testbed::place::programs;

/// The pages of a command and of those below it.
fn pages(command: &clap::Command, parent: &str) -> Vec<(String, clap::Command)> {
    let name = format!("{parent}{}", command.get_name());
    let below = command.get_subcommands();
    let below = below.flat_map(|child| pages(child, &format!("{name}-")));
    let own = (format!("{name}.1"), command.clone());
    [own].into_iter().chain(below).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_command_has_its_page_and_every_shell_its_completions() {
    let folder = owned_folder("package-files");
    let made = Command::new(programs().join("examples/package-files"))
        .arg(&folder)
        .output()
        .expect("it was built with the tests");
    assert!(made.status.success(), "{made:?}");
    for program in [
        remit::cli::Arguments::command(),
        remit_worker::cli::Arguments::command(),
    ] {
        let mut built = program.clone();
        built.build();
        for (file, command) in pages(&built, "") {
            if command.get_name() == "help" || file.contains("-help-") {
                continue;
            }
            let page = read(&folder.join("man/man1").join(&file));
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                let roff = option.replace('-', "\\-");
                assert!(
                    page.contains(&format!("\\-\\-{roff}")),
                    "{file}: --{option}"
                );
            }
        }
        let name = program.get_name();
        for file in [
            format!("bash-completion/completions/{name}"),
            format!("zsh/site-functions/_{name}"),
            format!("fish/vendor_completions.d/{name}.fish"),
        ] {
            let text = read(&folder.join(&file));
            for command in program.get_subcommands() {
                assert!(
                    text.contains(command.get_name()),
                    "{file}: {}",
                    command.get_name()
                );
            }
        }
        let bash = folder.join(format!("bash-completion/completions/{name}"));
        let checked = Command::new("bash").arg("-n").arg(bash).status();
        assert!(checked.is_ok_and(|status| status.success()), "{name}");
    }
    let misused = Command::new(programs().join("examples/package-files")).output();
    assert_eq!(misused.expect("it is there").status.code(), Some(2));
}
