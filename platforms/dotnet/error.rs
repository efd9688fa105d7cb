//! Why a bundle is not a .NET application that can be built or run here.

/// Each says what to put into the bundle instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DotNetError {
    #[error(
        "nothing to run: the bundle has no published program (<name>.runtimeconfig.json with <name>.dll), no project and no Procfile: bundle the content of the folder that 'dotnet publish' wrote"
    )]
    Nothing,
    #[error(
        "{file} is in a subfolder: bundle what is in that folder, or add a Procfile with a line 'web: dotnet {program}.dll'"
    )]
    Deep { file: String, program: String },
    #[error(
        "the bundle has several programs ({programs}): add a Procfile with a line 'web: dotnet <name>.dll' for the one that gets requests, and one for each other"
    )]
    SeveralPrograms { programs: String },
    #[error("{file} cannot be read: {detail}: publish again")]
    Config { file: String, detail: String },
    #[error(
        "{program} was published for {framework} {version}, and this platform has .NET 3.1: publish it with its runtime inside (dotnet publish --configuration Release --runtime linux-x64 --self-contained true)"
    )]
    OtherRuntime {
        program: String,
        framework: String,
        version: String,
    },
    #[error("{program} needs {framework}, which only Windows has")]
    Windows { program: String, framework: String },
    #[error(
        "the bundle has several projects that could be published ({projects}): bundle what 'dotnet publish' wrote for the one to run, or leave one web project in the root"
    )]
    SeveralProjects { projects: String },
    #[error(
        "{solution} has no project of the SDK Microsoft.NET.Sdk.Web, which is what gets requests: bundle what 'dotnet publish' wrote for the one to run, or put its project into the root"
    )]
    NoWebProject { solution: String },
    #[error(
        "{project} targets {target}, and this platform builds for .NET 3.1 (netcoreapp3.1): publish it where you have its SDK (dotnet publish --configuration Release --runtime linux-x64 --self-contained true) and bundle what that wrote"
    )]
    OtherTarget { project: String, target: String },
}
