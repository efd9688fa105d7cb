//! `packages`: apt first, for the others may need what it installs.

use std::collections::BTreeMap;

use super::{
    named,
    script::{APT, APT_END, quote, words},
};
use crate::model::{Manager, Package};

type Packages = BTreeMap<Manager, BTreeMap<String, Package>>;

pub(super) fn body(packages: &Packages) -> Option<(String, String)> {
    if packages.values().all(BTreeMap::is_empty) {
        return None;
    }
    let mut body = APT.to_owned();
    for (manager, packages) in packages {
        match manager {
            Manager::Apt => apt(&mut body, packages),
            Manager::Python => python(&mut body, packages),
            Manager::RubyGems => gems(&mut body, packages),
            Manager::Npm => npm(&mut body, packages),
        }
    }
    body.push_str(APT_END);
    let names: Vec<&str> = packages
        .values()
        .flat_map(|all| all.keys())
        .map(String::as_str)
        .collect();
    Some((body, format!("install {}", named(names.into_iter()))))
}

const APT_VERSIONS: &str = r#"installed() {
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p' | head -n 1
}
# Those of the packages that are not there in any version.
newest() {
  missing=
  for name in "$@"; do
    if [ -z "$(installed "$name")" ]; then missing="$missing $name"; fi
  done
  # Names hold no spaces and no wildcards of the shell.
  if [ -n "$missing" ]; then attempt "installing the packages$missing" apt_install $missing; fi
}
# A version is the whole of Debian's, or its beginning up to one of "-.+~".
matching() {
  awk -v want="$1" '{ whole = $1; bare = whole; sub(/^[0-9]+:/, "", bare)
    if (whole == want || bare == want || (index(bare, want) == 1 && index("-.+~", substr(bare, length(want) + 1, 1)))) {
      print whole; exit } }'
}
exact() {
  have=$(installed "$1")
  if [ -n "$(printf '%s\n' "$have" | matching "$2")" ]; then return 0; fi
  if [ -n "$have" ] && dpkg --compare-versions "$have" gt "$2"; then
    printf 'beanpole: %s %s is installed, which is newer than %s\n' "$1" "$have" "$2" >&2
    return 1
  fi
  if [ -z "$lists" ]; then apt-get -q update || return $?; lists=read; fi
  all=$(apt-cache madison "$1" | awk -F'|' '{ gsub(/ /, "", $2); print $2 }')
  version=$(printf '%s\n' "$all" | matching "$2")
  if [ -z "$version" ]; then
    printf 'beanpole: Debian has no version %s of %s; it has: %s\n' "$2" "$1" "$(echo $all)" >&2
    return 1
  fi
  apt_install "$1=$version"
}
"#;

fn apt(body: &mut String, packages: &BTreeMap<String, Package>) {
    body.push_str(APT_VERSIONS);
    for (name, package) in packages {
        if let Some(written) = &package.written {
            body.push_str(&format!(
                "say {}\n",
                quote(&format!("{written} of the file is {name} in Debian"))
            ));
        }
    }
    let newest = packages.iter().filter(|(_, package)| package.versions.is_empty());
    let newest = words(newest.map(|(name, _)| name.as_str()));
    if !newest.is_empty() {
        body.push_str(&format!("newest{newest}\n"));
    }
    for (name, package) in packages {
        for version in &package.versions {
            let what = quote(&format!("installing the package {name} {version}"));
            body.push_str(&format!(
                "attempt {what} exact {} {}\n",
                quote(name),
                quote(version)
            ));
        }
    }
}

/// Whether the first of two versions is the newer one.
const NEWER: &str = r#"newer() {
  [ -n "$1" ] && [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]
}
refuse_newer() {
  printf 'beanpole: %s %s is installed, which is newer than %s\n' "$1" "$2" "$3" >&2
  return 1
}
"#;

const PIP: &str = r#"if [ -x /var/app/venv/bin/python ]; then
  python=/var/app/venv/bin/python
else
  need pip3 python3-pip
  python=python3
  export PIP_BREAK_SYSTEM_PACKAGES=1
fi
export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
pip_exact() {
  have=$("$python" -m pip show "$1" 2>/dev/null | sed -n 's/^Version: //p')
  if newer "$have" "$2"; then refuse_newer "$1" "$have" "$2"; return 1; fi
  "$python" -m pip install "$1==$2"
}
"#;

fn python(body: &mut String, packages: &BTreeMap<String, Package>) {
    body.push_str(NEWER);
    body.push_str(PIP);
    each(body, packages, |name, version| match version {
        None => format!("\"$python\" -m pip install {}", quote(name)),
        Some(version) => format!("pip_exact {} {}", quote(name), quote(version)),
    });
}

fn gems(body: &mut String, packages: &BTreeMap<String, Package>) {
    body.push_str("need gem ruby\n");
    body.push_str(
        "gem_newest() {\n  gem list -i \"^$1\\$\" >/dev/null || gem install --no-document \"$1\"\n}\n",
    );
    each(body, packages, |name, version| match version {
        None => format!("gem_newest {}", quote(name)),
        Some(version) => format!(
            "gem install --no-document --conservative -v {} {}",
            quote(version),
            quote(name)
        ),
    });
}

const NPM: &str = r#"need npm npm
npm_newest() {
  npm ls -g --depth=0 "$1" >/dev/null 2>&1 || npm install -g --no-fund --no-audit "$1"
}
npm_exact() {
  have=$(npm ls -g --depth=0 --parseable --long "$1" 2>/dev/null | sed -n "s|^.*:$1@||p" | head -n 1)
  if newer "$have" "$2"; then refuse_newer "$1" "$have" "$2"; return 1; fi
  npm install -g --no-fund --no-audit "$1@$2"
}
"#;

fn npm(body: &mut String, packages: &BTreeMap<String, Package>) {
    body.push_str(NEWER);
    body.push_str(NPM);
    each(body, packages, |name, version| match version {
        None => format!("npm_newest {}", quote(name)),
        Some(version) => format!("npm_exact {} {}", quote(name), quote(version)),
    });
}

fn each(
    body: &mut String,
    packages: &BTreeMap<String, Package>,
    command: impl Fn(&str, Option<&str>) -> String,
) {
    for (name, package) in packages {
        let what = quote(&format!("installing the package {name}"));
        if package.versions.is_empty() {
            body.push_str(&format!("attempt {what} {}\n", command(name, None)));
        }
        for version in &package.versions {
            let what = quote(&format!("installing the package {name} {version}"));
            body.push_str(&format!("attempt {what} {}\n", command(name, Some(version))));
        }
    }
}
