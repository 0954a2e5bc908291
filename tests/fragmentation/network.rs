//! Networks of the kernel's: each is a thread that left the process's. What it opens is of its own
//! network, as is what the programs do that it starts.

use std::fs;
use std::io;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// See the module's page. It is gone with this.
pub struct Network {
    jobs: Sender<Job>,
    thread: libc::pid_t,
}

impl Network {
    /// # Errors
    /// The operating system's: it is root that may.
    pub fn new() -> io::Result<Self> {
        let (jobs, todo) = channel::<Job>();
        let (made, wait) = channel();
        thread::spawn(move || {
            // SAFETY: leaves a network, and says which thread this is.
            let (left, thread) = unsafe { (libc::unshare(libc::CLONE_NEWNET), libc::gettid()) };
            let error = io::Error::last_os_error();
            made.send(if left == 0 { Ok(thread) } else { Err(error) }).unwrap();
            todo.into_iter().for_each(|job| job());
        });
        Ok(Self { thread: wait.recv().unwrap()?, jobs })
    }

    /// Runs `f` there.
    pub fn run<R: Send + 'static>(&self, f: impl FnOnce() -> R + Send + 'static) -> R {
        let (done, wait) = channel();
        self.jobs.send(Box::new(move || done.send(f()).unwrap())).unwrap();
        wait.recv().expect("it panicked")
    }

    /// A link of this MTU to another network, by its address of both families there and here.
    pub fn connect(&self, other: &Self, mtu: u32, (here, there): (&str, &str)) {
        let name = format!("to{}", other.thread);
        let peer = format!("to{}", self.thread);
        let thread = other.thread;
        self.ip(&format!("link add {name} mtu {mtu} type veth peer name {peer} netns {thread}"));
        other.ip(&format!("link set {peer} mtu {mtu}"));
        for (network, device, last) in [(self, name, here), (other, peer, there)] {
            network.ip(&format!("addr add {last}/24 dev {device}"));
            network.ip(&format!("addr add {}/64 dev {device} nodad", v6(last)));
            network.ip(&format!("link set {device} up"));
        }
    }

    /// All else is reached by this address, of both families.
    pub fn route_by(&self, router: &str) {
        self.ip(&format!("route add default via {router}"));
        self.ip(&format!("route add default via {}", v6(router)));
    }

    /// Packets of others pass.
    pub fn forward(&self) {
        self.run(|| {
            for setting in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                fs::write(format!("/proc/sys/net/{setting}"), "1").unwrap();
            }
        });
    }

    fn ip(&self, args: &str) {
        let args: Vec<_> = args.split(' ').map(str::to_owned).collect();
        let status = self.run(move || Command::new("ip").args(&args).status().unwrap());
        assert!(status.success());
    }
}

/// `10.0.1.2` is `fd00:0:1::2`, too.
pub fn v6(v4: &str) -> String {
    let [_, _, net, last] = v4.split('.').collect::<Vec<_>>()[..] else { panic!("{v4}") };
    format!("fd00:0:{net}::{last}")
}
