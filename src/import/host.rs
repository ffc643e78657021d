//! The one part of an address that a scenario may name: its host.

use std::net::Ipv6Addr;

use gilsim_core::time::SimDuration;

/// The longest name that DNS knows.
const LENGTH_MAX: usize = 253;

/// The schemes of requests over a network, with their default ports.
const SCHEMES: [(&str, u16); 6] =
    [("http", 80), ("https", 443), ("ws", 80), ("wss", 443), ("ftp", 21), ("ftps", 990)];

/// A host in lower case, with its port where that is not the scheme's own.
///
/// It consists of letters, digits, `-`, `.`, `_`, and the `[`, `]` and `:` of ports and IPv6 addresses: nothing
/// that would need an escape in TOML, and no room for a path, a query or a password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Host(String);

impl Host {
    /// The scheme in lower case and the host of an address; `None` where it has no host (`data:`, `blob:`,
    /// `about:`, pages of an extension).
    pub(super) fn of_url(url: &str) -> Option<(&'static str, Self)> {
        let (scheme, rest) = url.trim_start().split_once("://")?;
        let (scheme, port) =
            SCHEMES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme))?;
        let authority = rest.split(['/', '\\', '?', '#']).next()?;
        Self::of_authority(authority, Some(port)).map(|host| (scheme, host))
    }

    /// The host of `user:password@host:port`.
    pub(super) fn of_authority(authority: &str, default_port: Option<u16>) -> Option<Self> {
        let server = authority.rsplit('@').next()?.trim();
        let (name, port) = if server.starts_with('[') {
            let end = server.find(']')? + 1;
            (
                &server[..end],
                server[end..]
                    .strip_prefix(':')
                    .or(server.get(end..).filter(|rest| rest.is_empty()))?,
            )
        } else {
            server.split_once(':').unwrap_or((server, ""))
        };
        let port = if port.is_empty() { None } else { Some(parse_port(port)?) };
        let name = normalised(name)?;
        let name = match port.filter(|port| Some(*port) != default_port) {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
        Some(Self(distinct_from_a_duration(name)))
    }

    /// The name of the site.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A host name in lower case without the dot of the root, or an IPv6 address in its shortest form.
fn normalised(name: &str) -> Option<String> {
    if let Some(address) = name.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = name.len() <= LENGTH_MAX
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
        && name.chars().any(char::is_alphanumeric);
    is_name.then(|| name.to_lowercase())
}

/// A step waits on a site or for a duration, so a host called `5s` takes the dot of the root, which means the same host.
fn distinct_from_a_duration(mut name: String) -> String {
    if name.parse::<SimDuration>().is_ok() {
        name.push('.');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Option<String> {
        Host::of_url(url).map(|(_, host)| host.0)
    }

    #[test]
    fn only_the_host_of_an_address_is_kept() {
        let cases = [
            ("https://Shop.Example/cart?token=hush#x", "shop.example"),
            ("HTTP://user:hush@shop.example:80/", "shop.example"),
            ("https://a@b@shop.example.", "shop.example"),
            ("https://shop.example:80", "shop.example:80"),
            ("http://shop.example?hush", "shop.example"),
            ("http://localhost:8000/", "localhost:8000"),
            ("http://localhost:/", "localhost"),
            ("http://10.0.0.1/", "10.0.0.1"),
            ("http://[::1]:8080/x", "[::1]:8080"),
            ("https://[2001:DB8:0::1]:443/x", "[2001:db8::1]"),
            ("wss://Bücher.example", "bücher.example"),
            ("http://5s/", "5s."),
            ("http://5s:81/", "5s:81"),
        ];
        for (url, name) in cases {
            assert_eq!(host(url).as_deref(), Some(name), "{url}");
        }
    }

    #[test]
    fn an_address_without_a_clean_host_has_none() {
        let long = format!("http://{}/", "a".repeat(254));
        let cases = [
            "",
            "data:text/html,http://hush.example/",
            "blob:https://shop.example/hush",
            "chrome-extension://abcdef/page.html",
            "about:blank",
            "file:///etc/hush",
            "https:///hush",
            "https://.../",
            "https://shop example/",
            "https://shop%20hush/",
            "https://user:hu#sh@shop.example/",
            "https://shop.example:hush/",
            "https://shop.example:99999/",
            "https://[::1/",
            "https://[::1]hush/",
            "https://[hush]/",
            "https://a\"b/",
            "/hush",
            &long,
        ];
        for url in cases {
            assert_eq!(host(url), None, "{url}");
        }
    }
}
