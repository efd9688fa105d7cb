//! What every verb starts from: where the server is, who calls, which application and environment.
//!
//! What is given on the command line wins over the environment's variables, those over the folder's
//! settings, those over the user's.

use std::{cell::RefCell, path::PathBuf};

use beanpole_protocol::client::Client;

use crate::{
    args::Global,
    exit::Exit,
    failure::Failure,
    output::Output,
    settings::{
        credentials::{Credentials, default_path},
        project::Project,
    },
    source::git::Git,
};

/// Where a server of this machine listens.
pub const LOCAL_SERVER: &str = "http://localhost:8000";

pub struct Context {
    pub out: Output,
    pub folder: PathBuf,
    pub project: Option<Project>,
    pub credentials: RefCell<Credentials>,
    global: Global,
}

impl Context {
    pub fn new(global: Global, out: Output) -> Result<Self, Failure> {
        let folder = std::env::current_dir()
            .map_err(|error| Failure::failed(format!("The current folder cannot be read: {error}.")))?;
        let credentials = Credentials::load(default_path())?;
        if credentials.is_exposed() {
            out.warn(format!(
                "Others can read {}: it holds your tokens; `chmod 600` it.",
                credentials.path().display()
            ));
        }
        Ok(Self {
            project: Project::find(&folder)?,
            credentials: RefCell::new(credentials),
            out,
            folder,
            global,
        })
    }

    /// The server's address, without a slash at its end.
    pub fn url(&self) -> Result<String, Failure> {
        let url = self
            .given_url()
            .map(str::to_owned)
            .or_else(|| {
                self.project
                    .as_ref()
                    .and_then(|project| project.settings.url.clone())
            })
            .or_else(|| self.credentials.borrow().default_url().map(str::to_owned))
            .unwrap_or_else(|| LOCAL_SERVER.to_owned());
        normal_url(&url)
    }

    /// The address that was given for this call, by flag or variable.
    pub fn given_url(&self) -> Option<&str> {
        self.global.url.as_deref().filter(|url| !url.is_empty())
    }

    /// The token that was given for this call, by flag or variable.
    pub fn given_token(&self) -> Option<&str> {
        self.global.token.as_deref().filter(|token| !token.is_empty())
    }

    /// A client that calls as the user; an error when nobody is signed in.
    pub fn client(&self) -> Result<Client, Failure> {
        let url = self.url()?;
        let token = match self.given_token() {
            Some(token) => token.to_owned(),
            None => match self.credentials.borrow().get(&url) {
                Some(credential) => credential.token.clone(),
                None => {
                    return Err(Failure::new(
                        Exit::Forbidden,
                        "not_signed_in",
                        format!("You are not signed in to {url}."),
                    )
                    .hint(format!("Run `bp login {url}`, or give a token in BP_TOKEN.")));
                }
            },
        };
        Ok(Client::new(&url, Some(token))?)
    }

    /// A client that calls as nobody.
    pub fn anonymous(&self, url: &str) -> Result<Client, Failure> {
        Ok(Client::new(url, None)?)
    }

    pub fn project(&self) -> Result<&Project, Failure> {
        self.project.as_ref().ok_or_else(|| {
            Failure::usage("This folder is not tied to an application yet.").hint("Run `bp init` in it.")
        })
    }

    /// The application that was named, else the folder's.
    pub fn application(&self, given: Option<&str>) -> Result<String, Failure> {
        match given {
            Some(name) => Ok(name.to_owned()),
            None => Ok(self.project()?.settings.application.clone()),
        }
    }

    /// The git branch of the project, which can have a default environment of its own.
    pub fn branch(&self) -> Option<String> {
        let root = &self.project.as_ref()?.root;
        // Without a working git there is just no branch; packing is where its errors are told.
        Git::find(root).ok()??.branch().ok()?
    }

    /// The default environment of this folder and branch.
    pub fn default_environment(&self) -> Option<String> {
        let settings = &self.project.as_ref()?.settings;
        let branch = if settings.branches.is_empty() {
            None
        } else {
            self.branch()
        };
        settings.default_environment(branch.as_deref()).map(str::to_owned)
    }

    /// The environment that was named, else the default one.
    pub fn environment(&self, given: Option<&str>) -> Result<String, Failure> {
        match given {
            Some(name) => Ok(name.to_owned()),
            None => self.default_environment().ok_or_else(|| {
                Failure::usage("No environment was named, and this folder has no default one.")
                    .hint("Name one (`bp list` shows them), or choose the default with `bp use ENVIRONMENT`.")
            }),
        }
    }
}

/// An address as it is kept: with a scheme, without a slash at its end.
pub fn normal_url(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    match reqwest::Url::parse(&full) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(full.trim_end_matches('/').to_owned())
        }
        _ => Err(Failure::usage(format!(
            "{text:?} is not the address of a server: it should look like {LOCAL_SERVER}."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::normal_url;

    #[test]
    fn addresses_are_completed_or_refused() {
        for (given, wanted) in [
            ("http://a:8000/", Some("http://a:8000")),
            ("localhost:8000", Some("http://localhost:8000")),
            ("https://bp.example.org", Some("https://bp.example.org")),
            ("ftp://a", None),
            ("", None),
            ("http://", None),
        ] {
            assert_eq!(normal_url(given).ok().as_deref(), wanted, "{given:?}");
        }
    }
}
