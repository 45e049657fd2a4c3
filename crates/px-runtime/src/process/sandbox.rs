//! What a process may touch. What the machine does not offer is left out and reported.

use super::Command;
use crate::fault::LaunchFault;
use crate::host::HostConfig;
use crate::spec::LaunchSpec;
use px_model::Permission;
use std::path::PathBuf;
use std::process::Stdio;

/// What is in force for processes on this machine, in words an operator can act on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxReport {
    /// Protections that processes get.
    pub in_force: Vec<String>,
    /// Protections that they do not get, with the reason.
    pub missing: Vec<String>,
}

/// The protections of one process, decided before it is started.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) root: PathBuf,
    pub(crate) data_dir: PathBuf,
    /// TCP ports it may connect to.
    pub(crate) connect_ports: Vec<u16>,
    pub(crate) memory_bytes: u64,
    pub(crate) open_files: u64,
    pub(crate) file_bytes: u64,
    pub(crate) run_as: Option<(u32, u32)>,
    pub(crate) required: bool,
}

impl Plan {
    pub(crate) fn new(
        config: &HostConfig,
        spec: &LaunchSpec,
        root: PathBuf,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            root,
            data_dir,
            connect_ports: connect_ports(&spec.granted),
            memory_bytes: spec.limits.memory_bytes,
            open_files: spec.limits.open_files,
            file_bytes: spec.limits.file_bytes,
            run_as: config.run_as,
            required: config.require_sandbox,
        }
    }
}

/// Ports of the granted hosts; the ports of the web where a grant names none, and DNS with any.
fn connect_ports(granted: &[Permission]) -> Vec<u16> {
    let mut ports = Vec::new();
    for host in granted.iter().filter_map(Permission::outbound_host) {
        let named = host.rsplit_once(':').and_then(|(_, p)| p.parse().ok());
        match named {
            Some(port) => ports.push(port),
            None => ports.extend([80, 443]),
        }
        ports.push(53);
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The command as the system starts it; `port` is what it may listen on.
pub(crate) fn build(
    command: &Command,
    port: Option<u16>,
) -> Result<tokio::process::Command, LaunchFault> {
    let mut built = tokio::process::Command::new(&command.program);
    built
        .args(&command.args)
        .env_clear()
        .envs(&command.environment)
        .current_dir(&command.work_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(port) = port {
        let address = format!("127.0.0.1:{port}");
        built
            .env("PORT", port.to_string())
            .env("POWERX_HTTP_ADDR", &address)
            // Read by plugins made from the framework's template.
            .env("POWERX_BIND_ADDR", &address);
    }
    #[cfg(unix)]
    {
        built.process_group(0);
        if let Some((user, group)) = command.sandbox.run_as {
            let folder = &command.sandbox.data_dir;
            give(folder, user, group).map_err(|e| LaunchFault::file(folder, &e))?;
            built.uid(user).gid(group);
        }
    }
    #[cfg(target_os = "linux")]
    linux::confine(&mut built, &command.sandbox, port)?;
    #[cfg(not(target_os = "linux"))]
    if command.sandbox.required {
        return Err(LaunchFault::Sandbox {
            reason: "this system has no sandbox for processes".to_owned(),
        });
    }
    Ok(built)
}

/// Gives a folder and all in it to a user: what was written by another one before, or restored from a
/// snapshot by this host, would be closed to the process. Links are changed themselves, never followed.
#[cfg(unix)]
fn give(path: &std::path::Path, user: u32, group: u32) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, lchown};
    let about = path.symlink_metadata()?;
    if (about.uid(), about.gid()) != (user, group) {
        lchown(path, Some(user), Some(group))?;
    }
    if about.is_dir() {
        for entry in path.read_dir()? {
            give(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

/// See [`crate::Host::sandbox_report`].
pub(crate) fn report(config: &HostConfig) -> SandboxReport {
    let mut report = SandboxReport {
        in_force: vec!["environment: only what the plugin is meant to see".to_owned()],
        missing: Vec::new(),
    };
    #[cfg(target_os = "linux")]
    linux::describe(&mut report);
    #[cfg(not(target_os = "linux"))]
    report
        .missing
        .push("files, network, memory: this system has no sandbox for processes".to_owned());
    match config.run_as {
        Some((user, _)) => report
            .in_force
            .push(format!("user: runs as user id {user}")),
        None => report
            .missing
            .push("user: runs as the user of this host (PX_SANDBOX_USER is empty)".to_owned()),
    }
    report
}

#[cfg(target_os = "linux")]
mod linux {
    #![expect(
        unsafe_code,
        reason = "system calls between fork and exec have no safe form"
    )]

    use super::{LaunchFault, Plan, SandboxReport};
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, NetPort, Ruleset, RulesetAttr as _, RulesetCreated,
        RulesetCreatedAttr as _, Scope, path_beneath_rules,
    };
    use std::io;

    /// Newest rules this code knows; older kernels get what they can.
    const RULES: ABI = ABI::V6;

    /// Read and run, for interpreters, libraries, certificates and name resolution.
    const SYSTEM: &[&str] = &[
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/sbin",
        "/etc/ssl",
        "/etc/ca-certificates",
        "/etc/pki",
        "/etc/ld.so.cache",
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/nsswitch.conf",
        "/etc/localtime",
        "/etc/alternatives",
        // Not the rest of /proc: it shows other processes, their environment among it.
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/kernel/mm/transparent_hugepage",
    ];

    const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

    /// Version of the kernel's landlock interface; zero when there is none.
    fn abi() -> i64 {
        const VERSION: libc::c_uint = 1;
        let none = std::ptr::null::<libc::c_void>();
        // SAFETY: with a null attribute and this flag the call only returns a number.
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, VERSION) }.max(0)
    }

    fn ruleset(plan: &Plan, port: Option<u16>) -> Result<RulesetCreated, landlock::RulesetError> {
        let devices = AccessFs::ReadFile | AccessFs::WriteFile;
        let special = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::Execute;
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))?
            .handle_access(AccessNet::from_all(RULES))?
            .scope(Scope::from_all(RULES))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, AccessFs::from_read(RULES)))?
            .add_rules(path_beneath_rules(DEVICES, devices))?
            .add_rules(path_beneath_rules([&plan.root], AccessFs::from_read(RULES)))?
            .add_rules(path_beneath_rules(
                [&plan.data_dir],
                AccessFs::from_all(RULES) & !special,
            ))?;
        if let Some(port) = port {
            rules = rules.add_rule(NetPort::new(port, AccessNet::BindTcp))?;
        }
        for port in &plan.connect_ports {
            rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
        Ok(rules)
    }

    /// Adds everything that has to happen in the child before it becomes the plugin. What can be
    /// prepared is prepared here, before the fork.
    pub(super) fn confine(
        command: &mut tokio::process::Command,
        plan: &Plan,
        port: Option<u16>,
    ) -> Result<(), LaunchFault> {
        let sandbox = |reason: String| LaunchFault::Sandbox { reason };
        if plan.required && abi() == 0 {
            return Err(sandbox("this kernel has no landlock".to_owned()));
        }
        let mut rules = Some(ruleset(plan, port).map_err(|e| sandbox(e.to_string()))?);
        let limits = [
            (libc::RLIMIT_CORE, 0),
            (libc::RLIMIT_NOFILE, plan.open_files),
            (libc::RLIMIT_FSIZE, plan.file_bytes),
            (libc::RLIMIT_DATA, plan.memory_bytes),
        ];
        let parent = i32::try_from(std::process::id()).unwrap_or(0);
        let in_child = move || {
            for (resource, value) in limits {
                set_limit(resource, value)?;
            }
            die_with(parent)?;
            match rules.take() {
                Some(rules) => {
                    // Sets no_new_privs as well.
                    let done = rules.restrict_self();
                    done.map(drop)
                        .map_err(|_| io::Error::from_raw_os_error(libc::EPERM))
                }
                None => Ok(()),
            }
        };
        // SAFETY: the closure runs between fork and exec; it makes system calls on values prepared
        // before the fork, and neither allocates nor takes locks on its successful path.
        unsafe { command.pre_exec(in_child) };
        Ok(())
    }

    /// Lowers a limit; one that is lower already stays, for only the superuser may raise it.
    fn set_limit(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: the pointer is to a live value.
        check(unsafe { libc::getrlimit(resource, &raw mut limit) })?;
        limit.rlim_max = limit.rlim_max.min(value);
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: as above.
        check(unsafe { libc::setrlimit(resource, &raw const limit) })
    }

    /// Asks to be killed when the host dies, unless it is dead already.
    fn die_with(parent: i32) -> io::Result<()> {
        // SAFETY: these calls take and return numbers.
        unsafe {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            check(if libc::getppid() == parent { 0 } else { -1 })
        }
    }

    fn check(result: libc::c_int) -> io::Result<()> {
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    pub(super) fn describe(report: &mut SandboxReport) {
        let abi = abi();
        let mut rule = |in_force: bool, text: &str, missing: &str| {
            if in_force {
                report.in_force.push(text.to_owned());
            } else {
                report.missing.push(format!("{text} ({missing})"));
            }
        };
        rule(true, "privileges: none to be gained (no_new_privs)", "");
        rule(true, "life: ends with this host, its own process group", "");
        rule(
            true,
            "limits: memory, open files, file size, no core dumps",
            "",
        );
        let old = "this kernel's landlock is too old or switched off";
        rule(
            abi >= 1,
            "files: reads its own folder and the system's, writes its data folder only",
            old,
        );
        rule(
            abi >= 4,
            "network: listens on its own TCP port, connects to granted TCP ports only",
            old,
        );
        rule(abi >= 6, "signals and abstract sockets: its own only", old);
        let not_yet = "not built in";
        rule(
            false,
            "network: granted hosts only",
            "landlock knows ports, not hosts",
        );
        rule(false, "network: no UDP", "landlock does not cover it");
        rule(false, "system calls: filtered", not_yet);
        rule(
            false,
            "number of processes, share of the processor: limited",
            not_yet,
        );
    }
}
