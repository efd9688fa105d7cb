//! The build of a Java SE application: a jar as it is, or what a Buildfile, Maven or Gradle makes.

use beanpole_protocol::Platform;

use crate::{
    detect::Sign,
    layers::{Apart, Layers, Manifest},
    plan::{Plan, PlanError},
    platform::Definition,
    procfile,
    source::Source,
    start,
};

/// In the builder image.
const MAVEN: &str = "/opt/beanpole/build-maven";
/// Where what a build tool made is looked for: one jar that is no side product.
const FIND: &str = r#"jar=$(find target build/libs -maxdepth 1 -name '*.jar' ! -name 'original-*' ! -name '*-sources.jar' ! -name '*-javadoc.jar' ! -name '*-plain.jar' 2>/dev/null); \
    if [ "$(printf '%s\n' "$jar" | grep -c .)" != 1 ]; then echo "beanpole: the build made not one jar but: $jar; say with a Procfile which one runs" >&2; exit 1; fi; \
    cp "$jar" application.jar"#;

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Java,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[("Dockerfile", 0o644, include_bytes!("Dockerfile"))]),
    builder: Some(&[
        ("Dockerfile", 0o644, include_bytes!("builder/Dockerfile")),
        ("build-maven", 0o755, include_bytes!("builder/build-maven")),
    ]),
    signs: &[
        Sign::file("pom.xml", 24),
        Sign::file("build.gradle", 24),
        Sign::file("build.gradle.kts", 24),
        Sign::ending(".jar", 36),
        Sign::ending(".java", 42),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let procfile = source.text("Procfile").map(procfile::processes).transpose()?;
    let jars: Vec<&str> = source
        .paths()
        .filter(|path| !path.contains('/') && path.ends_with(".jar"))
        .collect();
    let run = |jar: &str| vec![start::program_with("web", "java", &["-jar", jar])];
    if source.has("Buildfile") {
        let processes = match (procfile, &jars[..]) {
            (Some(processes), _) => processes,
            (None, [jar]) => run(jar),
            // What the Buildfile makes is not known; Beanstalk's name is application.jar.
            (None, _) => run("application.jar"),
        };
        return Ok(Plan::Layers(Layers {
            apart: Some(Apart::default()),
            processes,
            ..Layers::default()
        }));
    }
    if let Some(build) = build_tool(source)? {
        let compile = match &procfile {
            Some(_) => build,
            None => format!("{build} && {FIND}"),
        };
        return Ok(Plan::Layers(Layers {
            manifest: Manifest::WholeSource,
            compile: Some(compile),
            apart: Some(Apart::default()),
            processes: procfile.unwrap_or_else(|| run("application.jar")),
            ..Layers::default()
        }));
    }
    let processes = match (procfile, &jars[..]) {
        (Some(processes), _) => processes,
        (None, [jar]) => run(jar),
        (None, []) => {
            return Err(PlanError::NothingToRun(
                "add a jar to the bundle's root, a pom.xml, a build.gradle with its wrapper, or a Buildfile",
            ));
        }
        (None, _) => {
            return Err(PlanError::NothingToRun(
                "there are several jars: say with a Procfile, such as 'web: java -jar shop.jar', which one runs",
            ));
        }
    };
    Ok(Plan::Layers(Layers {
        processes,
        ..Layers::default()
    }))
}

/// The line that runs the project's own build.
fn build_tool(source: &Source) -> Result<Option<String>, PlanError> {
    if source.has("pom.xml") {
        return Ok(Some(MAVEN.to_owned()));
    }
    if source.has("build.gradle") || source.has("build.gradle.kts") {
        if !source.has("gradlew") {
            return Err(PlanError::NothingToRun(
                "the project is Gradle's but has no gradlew: add the wrapper (gradle wrapper), or a Buildfile",
            ));
        }
        return Ok(Some("sh ./gradlew --no-daemon -q assemble".to_owned()));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn layers(files: &[(&str, &str)]) -> Result<Layers, PlanError> {
        testing::layers(plan, files)
    }

    #[test]
    fn one_jar_is_run_and_of_several_the_procfile_chooses() {
        let one = layers(&[("shop.jar", "")]).unwrap();
        assert_eq!(one.processes[0].argv, ["java", "-jar", "shop.jar"]);
        assert!(one.apart.is_none());
        assert!(
            layers(&[("a.jar", ""), ("b.jar", "")])
                .unwrap_err()
                .to_string()
                .contains("Procfile")
        );
        assert!(layers(&[("Procfile", "web: java -jar a.jar"), ("a.jar", ""), ("b.jar", "")]).is_ok());
        assert!(layers(&[("README", "")]).is_err());
    }

    #[test]
    fn projects_are_built_by_their_own_tool() {
        let maven = layers(&[("pom.xml", ""), ("src/main/java/A.java", "")]).unwrap();
        assert!(maven.compile.unwrap().starts_with(MAVEN));
        let gradle = layers(&[("build.gradle", ""), ("gradlew", "")]).unwrap();
        assert!(gradle.compile.unwrap().starts_with("sh ./gradlew"));
        assert!(
            layers(&[("build.gradle", "")])
                .unwrap_err()
                .to_string()
                .contains("gradlew")
        );
        let own = layers(&[("Buildfile", "make: ./make.sh"), ("pom.xml", "")]).unwrap();
        assert!(own.compile.is_none() && own.apart.is_some());
    }
}
