//! The sample applications of `bp create --sample`: one file each, nothing to install.

use std::{fs, io};

use beanpole_protocol::Platform;
use tempfile::TempDir;

use crate::failure::Failure;

const DOTNET: [(&str, &str); 2] = [
    ("Program.cs", include_str!("../../sample/dotnet/Program.cs")),
    ("sample.csproj", include_str!("../../sample/dotnet/sample.csproj")),
];
const GO: [(&str, &str); 1] = [("application.go", include_str!("../../sample/go/application.go"))];
const JAVA: [(&str, &str); 2] = [
    (
        "Application.java",
        include_str!("../../sample/java/Application.java"),
    ),
    ("Buildfile", include_str!("../../sample/java/Buildfile")),
];
const PHP: [(&str, &str); 1] = [("index.php", include_str!("../../sample/php/index.php"))];
const RUBY: [(&str, &str); 1] = [("config.ru", include_str!("../../sample/ruby/config.ru"))];
const TOMCAT: [(&str, &str); 2] = [
    ("index.jsp", include_str!("../../sample/tomcat/index.jsp")),
    (
        "WEB-INF/web.xml",
        include_str!("../../sample/tomcat/WEB-INF/web.xml"),
    ),
];
const PYTHON: [(&str, &str); 3] = [
    (
        "application.py",
        include_str!("../../sample/python/application.py"),
    ),
    ("Procfile", include_str!("../../sample/python/Procfile")),
    (
        "requirements.txt",
        include_str!("../../sample/python/requirements.txt"),
    ),
];
const NODEJS: [(&str, &str); 2] = [
    ("server.js", include_str!("../../sample/nodejs/server.js")),
    ("package.json", include_str!("../../sample/nodejs/package.json")),
];

/// Writes a sample into a folder of its own, which goes with the value.
pub fn write(platform: Option<Platform>) -> Result<TempDir, Failure> {
    let files: &[(&str, &str)] = match platform.unwrap_or(Platform::Python) {
        Platform::DotNet => &DOTNET,
        Platform::Go => &GO,
        Platform::Java => &JAVA,
        Platform::Tomcat => &TOMCAT,
        Platform::Php => &PHP,
        Platform::Ruby => &RUBY,
        Platform::Python => &PYTHON,
        Platform::NodeJs => &NODEJS,
        Platform::Docker => {
            return Err(Failure::usage(
                "There is no sample for docker, for it would need a base image of your choice.",
            )
            .hint("Use --platform with another one, such as python."));
        }
    };
    let written = || -> io::Result<TempDir> {
        let folder = tempfile::tempdir()?;
        for (name, text) in files {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(folder)
    };
    written().map_err(|error| Failure::failed(format!("The sample cannot be written: {error}.")))
}
