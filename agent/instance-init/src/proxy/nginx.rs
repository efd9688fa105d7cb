//! nginx, set up as on Beanstalk: `conf.d/*.conf` in the http block, `conf.d/elasticbeanstalk/*.conf` in the
//! server block.

use beanpole_instance::Upstream;

use super::{Facts, GATE, Proxy, Static, Written};
use crate::spawn::Program;

pub const FOLDER: &str = "/etc/nginx";
pub const MAIN: &str = "/etc/nginx/nginx.conf";

/// Beanstalk leaves nginx's 1 MB, over which its users stumble.
const LARGEST_BODY: &str = "50m";

const GZIP_TYPES: &str = "text/plain text/css text/xml text/javascript application/json \
                          application/javascript application/xml application/rss+xml image/svg+xml";

pub fn proxy(program: impl Fn(&[&str]) -> Program) -> Proxy {
    Proxy {
        name: "nginx",
        program: program(&["/usr/sbin/nginx", "-c", MAIN, "-g", "daemon off;"]),
        stop_signal: "QUIT",
        check: program(&["/usr/sbin/nginx", "-t", "-q", "-c", MAIN]),
        logs: ["/var/log/nginx/access.log", "/var/log/nginx/error.log"],
        reopen_signal: "USR1",
        gate: None,
        reload_signal: "HUP",
    }
}

pub fn files(facts: &Facts) -> Vec<Written> {
    let written = |path: &str, text: String| Written {
        path: format!("{FOLDER}/{path}"),
        text,
    };
    let mut files = vec![
        written("nginx.conf", main(facts)),
        written("conf.d/elasticbeanstalk/00_application.conf", application(facts)),
        written("conf.d/elasticbeanstalk/01_static.conf", statics(facts)),
    ];
    if facts.awaits_hooks {
        let text = "if ($remote_addr != 127.0.0.1) {\n    return 503;\n}\n";
        files.push(written(GATE, text.to_owned()));
    }
    files
}

/// Whether the bundle's own files set a directive: then it would be there twice, which nginx refuses.
fn is_free(facts: &Facts, directive: &str) -> bool {
    !facts
        .own_text
        .lines()
        .any(|line| line.split_whitespace().next() == Some(directive))
}

fn main(facts: &Facts) -> String {
    let body = match is_free(facts, "client_max_body_size") {
        true => format!("    client_max_body_size {LARGEST_BODY};\n"),
        false => String::new(),
    };
    let gzip = match is_free(facts, "gzip") {
        true => format!(
            "        gzip on;\n        gzip_comp_level 4;\n        gzip_vary on;\n        gzip_proxied any;\n        gzip_types {GZIP_TYPES};\n"
        ),
        false => String::new(),
    };
    format!(
        r#"# Written at every start. Put files into .platform/nginx/conf.d of your bundle, or your own main file at
# .platform/nginx/nginx.conf.
user www-data;
worker_processes {workers};
pid /run/nginx.pid;
error_log /var/log/nginx/error.log warn;

events {{
    worker_connections 1024;
}}

http {{
    server_tokens off;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                    '"$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    sendfile on;
    keepalive_timeout 75;
    types_hash_max_size 2048;
{body}
    # Towards the application connections are kept, unless one is to become a websocket.
    map $http_upgrade $connection_upgrade {{
        default "upgrade";
        '' '';
    }}
    include conf.d/*.conf;
{upstream}
    server {{
        listen 80 default_server;
        server_name _;
{gzip}        include conf.d/elasticbeanstalk/*.conf;
    }}
}}
"#,
        workers = facts.workers,
        upstream = upstream(facts),
    )
}

fn upstream(facts: &Facts) -> String {
    match &facts.upstream {
        Upstream::Http => format!(
            "    upstream application {{\n        server 127.0.0.1:{};\n        keepalive 64;\n    }}\n",
            facts.port
        ),
        Upstream::FastCgi { socket, .. } => {
            format!("    upstream php-fpm {{\n        server unix:{socket};\n    }}\n")
        }
    }
}

fn application(facts: &Facts) -> String {
    match &facts.upstream {
        Upstream::Http => http(facts),
        Upstream::FastCgi { socket, .. } => fast_cgi(facts, socket),
    }
}

/// A main file of the bundle's own knows nothing of our upstream.
fn http(facts: &Facts) -> String {
    let to = match facts.has_own_main {
        true => format!("127.0.0.1:{}", facts.port),
        false => "application".to_owned(),
    };
    let pass = format!(
        r"    proxy_pass http://{to};
    proxy_http_version 1.1;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
"
    );
    match facts.statics.iter().find(|file| file.path.is_empty()) {
        Some(root) => format!(
            "location / {{\n    root {};\n    try_files $uri @application;\n}}\nlocation @application {{\n{pass}}}\n",
            quoted(&root.target)
        ),
        None => format!("location / {{\n{pass}}}\n"),
    }
}

fn fast_cgi(facts: &Facts, socket: &str) -> String {
    let to = match facts.has_own_main {
        true => format!("unix:{socket}"),
        false => "php-fpm".to_owned(),
    };
    let fall_back = match facts.has_index_php {
        true => "/index.php$is_args$args",
        false => "=404",
    };
    format!(
        r"root {root};
index index.php index.html index.htm;
location / {{
    try_files $uri $uri/ {fall_back};
}}
# Configuration and version control in the document root are nobody's business.
location ~ /\.(?!well-known/) {{
    return 404;
}}
location ~ \.(php|phar)(/.*)?$ {{
    fastcgi_split_path_info ^(.+?\.(?:php|phar))(/.*)?$;
    try_files $fastcgi_script_name =404;
    include /etc/nginx/fastcgi_params;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_param PATH_INFO $fastcgi_path_info;
    fastcgi_param HTTP_PROXY '';
    fastcgi_index index.php;
    fastcgi_pass {to};
}}
",
        root = quoted(&facts.document_root.to_string_lossy()),
    )
}

fn statics(facts: &Facts) -> String {
    facts
        .statics
        .iter()
        .filter(|file| !file.path.is_empty())
        .map(
            |Static {
                 path,
                 target,
                 is_folder,
             }| match is_folder {
                // With a slash at both ends, so that nothing beside the folder is reached.
                true => format!(
                    "location {} {{\n    alias {};\n    access_log off;\n}}\n",
                    quoted(&format!("{path}/")),
                    quoted(&format!("{target}/"))
                ),
                false => format!(
                    "location = {} {{\n    alias {};\n    access_log off;\n}}\n",
                    quoted(path),
                    quoted(target)
                ),
            },
        )
        .collect()
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "")
    )
}

#[cfg(test)]
mod tests {
    use super::{super::some_facts, *};

    fn text(facts: &Facts, path: &str) -> String {
        let found = files(facts).into_iter().find(|file| file.path.ends_with(path));
        found.unwrap().text
    }

    #[test]
    fn requests_go_to_the_application_and_static_files_to_the_disk() {
        let facts = some_facts();
        assert!(text(&facts, "nginx.conf").contains("server 127.0.0.1:8000;"));
        assert!(text(&facts, "00_application.conf").contains("proxy_pass http://application;"));
        let statics = text(&facts, "01_static.conf");
        assert!(statics.contains(r#"location "/static/" {"#), "{statics}");
        assert!(
            statics.contains(r#"alias "/var/app/current/assets/";"#),
            "{statics}"
        );
    }

    #[test]
    fn a_directive_of_the_bundles_is_not_set_twice() {
        let mut facts = some_facts();
        assert!(text(&facts, "nginx.conf").contains("client_max_body_size 50m;"));
        facts.own_text = "  client_max_body_size 2g;\n# gzip on;\n".to_owned();
        let main = text(&facts, "nginx.conf");
        assert!(
            !main.contains("client_max_body_size") && main.contains("gzip on;"),
            "{main}"
        );
    }

    #[test]
    fn a_main_file_of_the_bundles_finds_the_application_by_its_port() {
        let mut facts = some_facts();
        facts.has_own_main = true;
        assert!(text(&facts, "00_application.conf").contains("proxy_pass http://127.0.0.1:8000;"));
    }

    #[test]
    fn php_is_run_where_a_file_is_and_the_front_controller_has_the_rest() {
        let mut facts = some_facts();
        facts.upstream = Upstream::FastCgi {
            socket: "/run/php/fpm.sock".to_owned(),
            root: String::new(),
        };
        facts.document_root = "/var/app/current/public".into();
        facts.has_index_php = true;
        let application = text(&facts, "00_application.conf");
        for line in [
            r#"root "/var/app/current/public";"#,
            "try_files $uri $uri/ /index.php$is_args$args;",
            "fastcgi_pass php-fpm;",
            r"location ~ /\.(?!well-known/) {",
        ] {
            assert!(application.contains(line), "{line}: {application}");
        }
    }
}
