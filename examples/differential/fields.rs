//! The fields of a command. Addresses are text, bytes are hexadecimal; absent and null are the same.

use std::net::Ipv4Addr;

use dht_rpc_native::dht::{Addr, BootstrapNode, Bytes32, SocketKey};
use serde_json::Value;

/// A command; its readers panic where a field is missing or of another kind.
pub struct Fields<'a>(pub &'a Value);

impl<'a> Fields<'a> {
    pub fn text(&self, name: &str) -> &'a str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{name} is text: {}", self.0))
    }

    pub fn number(&self, name: &str) -> u64 {
        self.optional(name).unwrap_or_else(|| panic!("{name} is a number: {}", self.0))
    }

    pub fn optional(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }

    pub fn signed(&self, name: &str) -> Option<i32> {
        self.0[name].as_i64().map(|number| number as i32)
    }

    /// Absent is `default`.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.0[name].as_bool().unwrap_or(default)
    }

    pub fn optional_flag(&self, name: &str) -> Option<bool> {
        self.0[name].as_bool()
    }

    pub fn addr(&self, name: &str) -> Addr {
        addr(self.text(name))
    }

    pub fn optional_addr(&self, name: &str) -> Option<Addr> {
        self.0[name].as_str().map(addr)
    }

    pub fn addrs(&self, name: &str) -> Option<Vec<Addr>> {
        let list = self.0[name].as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(addr).collect())
    }

    pub fn bytes(&self, name: &str) -> Option<Box<[u8]>> {
        self.0[name].as_str().map(bytes)
    }

    pub fn bytes32(&self, name: &str) -> Option<Bytes32> {
        let bytes = self.bytes(name)?;
        Some((*bytes).try_into().unwrap_or_else(|_| panic!("{name} is 32 bytes: {}", self.0)))
    }

    pub fn socket(&self, name: &str) -> Option<SocketKey> {
        let name = self.0[name].as_str()?;
        Some(match name {
            "server" => SocketKey::Server,
            "client" => SocketKey::Client,
            _ => SocketKey::Foreign(name.trim_start_matches("foreign-").parse().expect("a socket")),
        })
    }

    /// `host:port` and `ip@host:port`.
    pub fn bootstrap(&self, name: &str) -> Vec<BootstrapNode> {
        let list = self.0[name].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(bootstrap_node).collect()
    }

    /// Where names lead; null is a name that cannot be resolved.
    pub fn name(&self, name: &str) -> Option<Ipv4Addr> {
        self.0["names"][name].as_str().map(|ip| ip.parse().expect("an IPv4 address"))
    }
}

fn addr(text: &str) -> Addr {
    text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
}

fn bytes(hex: &str) -> Box<[u8]> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

fn bootstrap_node(text: &str) -> BootstrapNode {
    let (host, port) = text.split_once(':').expect("host:port");
    let port = port.parse().expect("a port");
    match host.split_once('@') {
        Some((ip, host)) => {
            BootstrapNode { suggested: ip.parse().ok(), host: host.to_owned(), port }
        }
        None => BootstrapNode { suggested: None, host: host.to_owned(), port },
    }
}
