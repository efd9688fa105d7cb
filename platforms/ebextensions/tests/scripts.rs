//! The scripts, run for real by `sh`; what would change the machine is replaced by recorders on `PATH`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    thread,
};

use beanpole_ebextensions::{Step, Target, build_steps, parse};
use common::{Here, ended, folder};

fn steps(text: &str) -> Vec<Step> {
    let parsed = parse(&[(".ebextensions/01 it's.config", text.as_bytes())]);
    assert!(!parsed.is_refused(), "{:?}", parsed.findings);
    build_steps(&parsed.config, &Target { lookup: &Here }).unwrap()
}

fn only(text: &str) -> String {
    let mut steps = steps(text);
    assert_eq!(steps.len(), 1);
    let step = steps.remove(0);
    common::check_syntax(&step.script);
    step.script
}

#[test]
fn steps_come_in_the_order_of_files_and_keys() {
    let text = b"commands: {a: {command: ls}}\nfiles: {/a: {content: b}}\nusers: {u: {}}\ngroups: {g: {}}\npackages: {apt: {jq: []}}\nsources: {/s: 'http://a/b'}\noption_settings: []\n";
    let files = [
        (".ebextensions/b.config", &text[..]),
        (".ebextensions/a.config", b"commands: {z: {command: ls}}"),
        (".ebextensions/nested/c.config", b"commands: {n: {command: ls}}"),
        (".ebextensions/._a.config", b"\0\x05\x16\x07"),
        ("__MACOSX/.ebextensions/._a.config", b"\0"),
        (".ebextensions/c.config.off", b"{{{"),
    ];
    let parsed = parse(&files);
    assert_eq!(parsed.findings, []);
    let steps = build_steps(&parsed.config, &Target { lookup: &Here }).unwrap();
    let order: Vec<String> = steps
        .iter()
        .map(|step| format!("{} {}", &step.file[14..], step.key))
        .collect();
    assert_eq!(
        order,
        [
            "a.config commands",
            "b.config packages",
            "b.config groups",
            "b.config users",
            "b.config sources",
            "b.config files",
            "b.config commands",
        ]
    );
}

#[test]
fn files_are_written_as_they_are() {
    let (_guard, at) = folder();
    fs::write(format!("{at}/there"), "old").unwrap();
    let own = fs::metadata(&at).unwrap().uid();
    let script = only(&format!(
        r#"files:
  {at}/deep/settings:
    mode: "000640"
    content: |
      quote = 'single' "double" $HOME `date` \n
      BEANPOLE
      é `{{"Ref": "AWS::Region"}}`
  {at}/binary: {{mode: "0600", encoding: base64, content: "AAEC/w=="}}
  {at}/link: {{mode: "120777", content: "{at}/nowhere\n"}}
  {at}/there: {{mode: 004755, owner: "{own}", content: new}}
  "{at}/it's $odd": {{content: ""}}
"#
    ));
    let (code, out, error) = ended(&script, None);
    assert_eq!(code, 0, "{error}");
    assert!(
        out.starts_with("beanpole:event begin files .ebextensions/01 it's.config\n"),
        "{out}"
    );
    let end = out.lines().last().unwrap();
    let milliseconds = end
        .strip_prefix("beanpole:event end files .ebextensions/01 it's.config ")
        .unwrap();
    assert!(milliseconds.parse::<u64>().unwrap() < 60_000);

    let read = |name: &str| fs::read_to_string(format!("{at}/{name}")).unwrap();
    let mode = |name: &str| fs::metadata(format!("{at}/{name}")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        read("deep/settings"),
        "quote = 'single' \"double\" $HOME `date` \\n\nBEANPOLE\né eu-north-1\n"
    );
    assert_eq!(mode("deep/settings"), 0o640);
    assert_eq!(fs::read(format!("{at}/binary")).unwrap(), [0, 1, 2, 255]);
    assert_eq!(
        fs::read_link(format!("{at}/link")).unwrap(),
        Path::new(&format!("{at}/nowhere"))
    );
    assert_eq!(
        (read("there"), read("there.bak")),
        ("new".to_owned(), "old".to_owned())
    );
    assert_eq!(mode("there"), 0o4755);
    assert_eq!(fs::metadata(format!("{at}/there")).unwrap().uid(), own);
    assert_eq!(read("it's $odd"), "");
}

#[test]
fn a_large_file_comes_through() {
    let (_guard, at) = folder();
    let line = "x".repeat(79);
    let content: String = (0..8000).map(|_| format!("      {line}\n")).collect();
    let script = only(&format!("files:\n  {at}/large:\n    content: |\n{content}"));
    assert_eq!(ended(&script, None).0, 0);
    assert_eq!(fs::metadata(format!("{at}/large")).unwrap().len(), 8000 * 80);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (_guard, at) = folder();
    fs::create_dir(format!("{at}/folder")).unwrap();
    let script = only(&format!("files:\n  {at}/folder: {{content: a}}"));
    let (code, out, error) = ended(&script, None);
    assert_eq!(code, 1);
    assert!(
        error.contains("is a folder") && error.contains("in .ebextensions/01 it's.config failed"),
        "{error}"
    );
    assert!(!out.contains("event end"));
    let script = only(&format!(
        "files:\n  {at}/x: {{content: a, owner: nobody-of-this-name}}"
    ));
    let (code, _, error) = ended(&script, None);
    assert_eq!(code, 1);
    assert!(error.contains("beanpole: giving"), "{error}");
}

#[test]
fn commands_have_their_order_folder_environment_and_condition() {
    let (_guard, at) = folder();
    let script = only(&format!(
        r#"commands:
  02_env:
    command: env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort > env; pwd >> env
    cwd: {at}
    env: {{A: "it's $HOME", B: 1}}
  01_bash:
    command: source /dev/stdin <<< "x=1"; [[ $x == 1 ]] && pwd > {at}/bash; cat
  03_argv:
    command: [touch, "{at}/one; two"]
    test: test -e {at}/env
  04_not:
    command: touch {at}/not
    test: "false"
  05_ignored:
    command: exit 7
    ignoreErrors: yes
  06_multi: {{command: "for i in 1 2; do\n  echo $i >> {at}/multi\ndone\n"}}
"#
    ));
    let (code, out, error) = ended(&script, None);
    assert_eq!(code, 0, "{error}");
    let read = |name: &str| fs::read_to_string(format!("{at}/{name}")).unwrap();
    assert_eq!(read("env"), format!("A=it's $HOME\nB=1\n{at}\n"));
    assert_eq!(read("bash"), "/\n");
    assert_eq!(read("multi"), "1\n2\n");
    assert!(Path::new(&format!("{at}/one; two")).exists() && !Path::new(&format!("{at}/not")).exists());
    assert!(
        out.contains("command 04_not is left out: its test says so"),
        "{out}"
    );
    assert!(
        error.contains("the command 05_ignored in .ebextensions/01 it's.config failed with exit code 7, and ignoreErrors is set"),
        "{error}"
    );
}

#[test]
fn a_failing_command_ends_everything_and_is_named() {
    let (_guard, at) = folder();
    let script = only(&format!(
        "commands:\n  01_bad: {{command: 'echo why; exit 42'}}\n  02_next: {{command: touch {at}/next}}\n"
    ));
    let (code, out, error) = ended(&script, None);
    assert_eq!(code, 42);
    assert!(out.contains("why") && !out.contains("event end"));
    assert_eq!(
        error,
        "beanpole: the command 01_bad in .ebextensions/01 it's.config failed with exit code 42\n"
    );
    assert!(!Path::new(&format!("{at}/next")).exists());
    let (code, _, error) = ended(&only("commands: {a: {command: ls, cwd: /nowhere/at/all}}"), None);
    assert_ne!(code, 0);
    assert!(error.contains("the command a in"), "{error}");
}

/// A folder of programs that write down how they were called, before the real ones on `PATH`.
fn recorders(at: &str, programs: &[(&str, &str)]) -> String {
    let bin = format!("{at}/bin");
    fs::create_dir(&bin).unwrap();
    for (name, rest) in programs {
        let path = format!("{bin}/{name}");
        fs::write(
            &path,
            format!("#!/bin/sh\necho \"{name} $*\" >> {at}/calls\n{rest}\n"),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{bin}:/usr/sbin:/usr/bin:/sbin:/bin")
}

#[test]
fn packages_are_installed_unless_they_are_there() {
    let (_guard, at) = folder();
    let path = recorders(
        &at,
        &[
            ("apt-get", ""),
            (
                "dpkg-query",
                "case $4 in git) echo 'installed 1:2.39.5-0';; curl) echo 'installed 7.88.1-10';; esac",
            ),
            (
                "apt-cache",
                "echo ' jq | 1.6-2.1 | http://x'; echo ' jq | 1.60-1 | http://x'",
            ),
            ("gem", "[ \"$1\" != list ] || [ \"$3\" = '^rake$' ]"),
            ("npm", "[ \"$1\" != ls ]"),
        ],
    );
    let script = only(
        "packages:\n  yum: {git: [], postgresql-devel: [], gcc-c++: []}\n  apt: {jq: '1.6', curl: '7.88'}\n  rubygems: {rake: [], rails: ['7.0', '7.1']}\n  npm: {yarn: []}\n",
    );
    let (code, out, error) = ended(&script, Some(&path));
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("postgresql-devel of the file is libpq-dev in Debian"));
    let calls = fs::read_to_string(format!("{at}/calls")).unwrap();
    let installs: Vec<&str> = calls
        .lines()
        .filter(|line| line.contains("install") || line.contains("update"))
        .map(|line| line.rsplit("force-confold ").next().unwrap())
        .collect();
    assert_eq!(
        installs,
        [
            "apt-get -q update",
            "install g++ libpq-dev",
            "install jq=1.6-2.1",
            "gem install --no-document --conservative -v 7.0 rails",
            "gem install --no-document --conservative -v 7.1 rails",
            "npm install -g --no-fund --no-audit yarn",
        ],
        "{calls}"
    );

    let (code, _, error) = ended(&only("packages: {apt: {curl: '7.5'}}"), Some(&path));
    assert_eq!(code, 1);
    assert!(
        error.contains("curl 7.88.1-10 is installed, which is newer than 7.5"),
        "{error}"
    );
    let (code, _, error) = ended(&only("packages: {apt: {jq: '2'}}"), Some(&path));
    assert_eq!(code, 1);
    assert!(
        error.contains("no version 2 of jq; it has: 1.6-2.1 1.60-1"),
        "{error}"
    );
    assert!(error.contains("installing the package jq 2 in"), "{error}");
}

#[test]
fn python_packages_go_to_an_interpreter() {
    let (_guard, at) = folder();
    let path = recorders(
        &at,
        &[
            ("pip3", ""),
            ("python3", "[ \"$3\" != show ] || echo 'Version: 2.0'"),
        ],
    );
    let script = only("packages: {python: {boto3: '2.0', awscli: []}}");
    let (code, _, error) = ended(&script, Some(&path));
    assert_eq!(code, 0, "{error}");
    let calls = fs::read_to_string(format!("{at}/calls")).unwrap();
    assert_eq!(
        calls,
        "python3 -m pip install awscli\npython3 -m pip show boto3\npython3 -m pip install boto3==2.0\n"
    );
    let (code, _, error) = ended(&only("packages: {python: {boto3: '1.9'}}"), Some(&path));
    assert_eq!(code, 1);
    assert!(
        error.contains("boto3 2.0 is installed, which is newer than 1.9"),
        "{error}"
    );
}

#[test]
fn accounts_are_made_once() {
    let (_guard, at) = folder();
    let path = recorders(
        &at,
        &[
            ("getent", "case $2 in old*) exit 0;; esac; exit 2"),
            ("groupadd", ""),
            ("useradd", ""),
            ("usermod", ""),
            ("id", "echo 7"),
        ],
    );
    let steps = steps(
        "groups: {new: {gid: 1501}, old: {}, plain: {}}\nusers: {new: {uid: 5, groups: [new, old], homeDir: /srv/new}, old: {uid: 7, groups: [new]}, bare: {}}\n",
    );
    for step in &steps {
        let (code, _, error) = ended(&step.script, Some(&path));
        assert_eq!(code, 0, "{error}");
    }
    let calls = fs::read_to_string(format!("{at}/calls")).unwrap();
    let made: Vec<&str> = calls
        .lines()
        .filter(|line| !line.starts_with("getent") && !line.starts_with("id "))
        .collect();
    assert_eq!(
        made,
        [
            "groupadd --system --gid 1501 new",
            "groupadd --system plain",
            "useradd --system --shell /usr/sbin/nologin --no-create-home bare",
            "useradd --system --shell /usr/sbin/nologin --uid 5 --groups new,old --create-home --home-dir /srv/new new",
            "usermod --append --groups new old",
        ]
    );
    let (code, _, error) = ended(&only("groups: {old: {gid: 3}}"), Some(&path));
    assert_eq!(code, 1);
    assert!(
        error.contains("the group old is there already, and cannot be given the number 3"),
        "{error}"
    );
    let (code, _, error) = ended(&only("users: {old: {uid: 3}}"), Some(&path));
    assert_eq!(code, 1);
    assert!(error.contains("with another number than 3"), "{error}");
}

/// Serves one body to everybody, at a port of this machine.
fn serve(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 2048];
            let read = stream.read(&mut request).unwrap();
            let missing = String::from_utf8_lossy(&request[..read]).contains("missing");
            let status = if missing { "404 Not Found" } else { "200 OK" };
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            )
            .unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn archives_are_fetched_and_unpacked() {
    let (_guard, at) = folder();
    fs::create_dir_all(format!("{at}/made/sub")).unwrap();
    fs::write(format!("{at}/made/sub/a.txt"), "inside").unwrap();
    let packed = std::process::Command::new("tar")
        .args([
            "-C",
            &format!("{at}/made"),
            "-czf",
            &format!("{at}/a.tar.gz"),
            ".",
        ])
        .status()
        .unwrap();
    assert!(packed.success());
    let url = serve(fs::read(format!("{at}/a.tar.gz")).unwrap());
    fs::create_dir(format!("{at}/target")).unwrap();
    fs::set_permissions(format!("{at}/target"), fs::Permissions::from_mode(0o750)).unwrap();
    let script = only(&format!(
        "sources:\n  {at}/target: {url}/a.tar.gz\n  {at}/new: {url}/b.tar.gz\n"
    ));
    let (code, _, error) = ended(&script, None);
    assert_eq!(code, 0, "{error}");
    for target in ["target", "new"] {
        assert_eq!(
            fs::read_to_string(format!("{at}/{target}/sub/a.txt")).unwrap(),
            "inside"
        );
    }
    assert_eq!(
        fs::metadata(format!("{at}/target")).unwrap().permissions().mode() & 0o777,
        0o750
    );

    let script = only(&format!(
        "files: {{{at}/fetched: {{mode: '000700', source: '{url}/x'}}}}"
    ));
    let (code, _, error) = ended(&script, None);
    assert_eq!(code, 0, "{error}");
    assert_eq!(
        fs::read(format!("{at}/fetched")).unwrap(),
        fs::read(format!("{at}/a.tar.gz")).unwrap()
    );

    let (code, _, error) = ended(&only(&format!("sources: {{{at}/no: {url}/missing}}")), None);
    assert_eq!(code, 22);
    assert!(error.contains(&format!("fetching {url}/missing in")), "{error}");
    let text = serve(b"this is no archive".to_vec());
    let (code, _, error) = ended(&only(&format!("sources: {{{at}/no: {text}/x}}")), None);
    assert_ne!(code, 0);
    assert!(
        error.contains("which is no tar, tar.gz, tar.bz2 or zip, in"),
        "{error}"
    );
}

#[test]
fn the_outer_folder_of_a_branch_on_github_is_left_out() {
    let (_guard, at) = folder();
    fs::create_dir_all(format!("{at}/o-p-123/lib")).unwrap();
    fs::write(format!("{at}/o-p-123/lib/a"), "inside").unwrap();
    let packed = std::process::Command::new("tar")
        .args(["-C", &at, "-czf", &format!("{at}/made.tar.gz"), "o-p-123"])
        .status()
        .unwrap();
    assert!(packed.success());
    let curl = format!("while [ \"$1\" != --output ]; do shift; done; cp {at}/made.tar.gz \"$2\"");
    let path = recorders(&at, &[("curl", &curl)]);
    let script = only(&format!(
        "sources:\n  {at}/branch: https://github.com/o/p/tarball/main\n  {at}/other: https://example.com/p.tar.gz\n"
    ));
    let (code, _, error) = ended(&script, Some(&path));
    assert_eq!(code, 0, "{error}");
    assert_eq!(
        fs::read_to_string(format!("{at}/branch/lib/a")).unwrap(),
        "inside"
    );
    assert_eq!(
        fs::read_to_string(format!("{at}/other/o-p-123/lib/a")).unwrap(),
        "inside"
    );
}
