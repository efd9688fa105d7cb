//! Apache, set up as on Beanstalk: `conf.d/*.conf` beside the one virtual host, `conf.d/elasticbeanstalk/*.conf`
//! in it.

use beanpole_instance::Upstream;

use super::{Facts, GATE, Proxy, Static, Written};
use crate::spawn::Program;

pub const FOLDER: &str = "/etc/httpd";
pub const MAIN: &str = "/etc/httpd/conf/httpd.conf";

/// What Debian's build has as a file; the rest is built in.
const MODULES: [&str; 21] = [
    "mpm_event",
    "authz_core",
    "authz_host",
    "alias",
    "deflate",
    "dir",
    "env",
    "expires",
    "filter",
    "headers",
    "mime",
    "negotiation",
    "proxy",
    "proxy_fcgi",
    "proxy_http",
    "proxy_wstunnel",
    "reqtimeout",
    "rewrite",
    "setenvif",
    "socache_shmcb",
    "status",
];

pub fn proxy(program: impl Fn(&[&str]) -> Program) -> Proxy {
    Proxy {
        name: "httpd",
        program: program(&["/usr/sbin/apache2", "-DFOREGROUND", "-f", MAIN]),
        stop_signal: "WINCH",
        check: program(&["/usr/sbin/apache2", "-t", "-f", MAIN]),
        logs: ["/var/log/httpd/access_log", "/var/log/httpd/error_log"],
        reopen_signal: "USR1",
        gate: None,
        reload_signal: "USR1",
    }
}

pub fn files(facts: &Facts) -> Vec<Written> {
    let written = |path: &str, text: String| Written {
        path: format!("{FOLDER}/{path}"),
        text,
    };
    let mut files = vec![
        written("conf/httpd.conf", main()),
        written("conf.d/elasticbeanstalk/00_application.conf", application(facts)),
        // Wanted by Include, and made with the folder.
        written(
            "conf.d/beanpole.conf",
            "ServerTokens Prod\nTraceEnable Off\n".to_owned(),
        ),
    ];
    if facts.awaits_hooks {
        let text = "RewriteEngine On\nRewriteCond %{REMOTE_ADDR} !^(127\\.0\\.0\\.1|::1)$\nRewriteRule ^ - [R=503,L]\n";
        files.push(written(GATE, text.to_owned()));
    }
    files
}

fn main() -> String {
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    format!(
        r#"# Written at every start. Put files into .platform/httpd/conf.d of your bundle, or your own main file at
# .platform/httpd/conf/httpd.conf.
ServerRoot /etc/httpd
{modules}User www-data
Group www-data
PidFile /run/httpd.pid
Listen 80
ServerName localhost
ErrorLog /var/log/httpd/error_log
LogLevel warn
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{{Referer}}i\" \"%{{User-Agent}}i\" \"%{{X-Forwarded-For}}i\"" combined
CustomLog /var/log/httpd/access_log combined
TypesConfig /etc/mime.types
KeepAliveTimeout 75
<Directory />
    AllowOverride None
    Require all denied
</Directory>
# Configuration and version control in the document root are nobody's business.
<LocationMatch "/\.(?!well-known/)">
    Require all denied
</LocationMatch>
IncludeOptional conf.d/*.conf
<VirtualHost *:80>
    AddOutputFilterByType DEFLATE text/html text/plain text/css text/xml text/javascript application/json application/javascript application/xml image/svg+xml
    IncludeOptional conf.d/elasticbeanstalk/*.conf
</VirtualHost>
"#
    )
}

fn application(facts: &Facts) -> String {
    let mut text = String::new();
    for Static {
        path,
        target,
        is_folder,
    } in &facts.statics
    {
        let ending = if *is_folder { "/" } else { "" };
        let (path, target) = (
            quoted(&format!("{path}{ending}")),
            quoted(&format!("{target}{ending}")),
        );
        text.push_str(&format!("ProxyPass {path} !\nAlias {path} {target}\n"));
    }
    let served = quoted("/var/app/current");
    text.push_str(&format!(
        "<Directory {served}>\n    Options FollowSymLinks\n    AllowOverride All\n    Require all granted\n</Directory>\n"
    ));
    match &facts.upstream {
        Upstream::Http => text.push_str(&format!(
            "ProxyPreserveHost On\n\
             RewriteEngine On\n\
             RewriteCond %{{HTTP:Upgrade}} =websocket [NC]\n\
             RewriteRule ^/(.*)$ ws://127.0.0.1:{port}/$1 [P,L]\n\
             ProxyPass / http://127.0.0.1:{port}/ retry=0\n\
             ProxyPassReverse / http://127.0.0.1:{port}/\n",
            port = facts.port
        )),
        Upstream::FastCgi { socket, .. } => {
            let fall_back = match facts.has_index_php {
                true => "FallbackResource /index.php\n",
                false => "",
            };
            text.push_str(&format!(
                "DocumentRoot {}\n\
                 DirectoryIndex index.php index.html index.htm\n\
                 {fall_back}\
                 RequestHeader unset Proxy early\n\
                 <FilesMatch \"\\.(php|phar)$\">\n\
                 \x20   SetHandler \"proxy:unix:{socket}|fcgi://localhost\"\n\
                 </FilesMatch>\n",
                quoted(&facts.document_root.to_string_lossy())
            ));
        }
    }
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{super::some_facts, *};

    #[test]
    fn what_is_on_the_disk_is_kept_from_the_application() {
        let text = application(&some_facts());
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
        assert!(at("ProxyPass \"/static/\" !") < at("ProxyPass / http://127.0.0.1:8000/"));
        at("Alias \"/static/\" \"/var/app/current/assets/\"");
    }

    #[test]
    fn php_files_go_to_its_socket() {
        let mut facts = some_facts();
        facts.upstream = Upstream::FastCgi {
            socket: "/run/php/fpm.sock".to_owned(),
            root: String::new(),
        };
        let text = application(&facts);
        assert!(
            text.contains("proxy:unix:/run/php/fpm.sock|fcgi://localhost"),
            "{text}"
        );
    }
}
