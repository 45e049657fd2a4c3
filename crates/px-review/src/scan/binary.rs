//! Native programs and libraries, by content.

use super::View;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, ET_DYN, ET_EXEC};
use goblin::elf::program_header::{PT_GNU_STACK, PT_INTERP, ProgramHeader};
use goblin::mach;
use sha2::{Digest as _, Sha256};

/// A universal binary whose slices have 64-bit offsets (`mach-o/fat.h`).
const FAT_MAGIC_64: u32 = 0xcafe_babf;

/// What is known about one native file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NativeFact {
    pub path: String,
    /// `linux`, `windows` or `darwin`.
    pub os: &'static str,
    /// `x86_64`, `aarch64`, …; several for a universal binary.
    pub arches: Vec<&'static str>,
    /// Format in words.
    pub format: &'static str,
    /// Can be started, rather than loaded or linked.
    pub program: bool,
    /// A segment is writable and executable.
    pub rwx: bool,
    /// Asks for an executable stack.
    pub exec_stack: bool,
    /// Set-user-id or set-group-id bits.
    pub setuid: bool,
    /// SHA-256 of the first window, for fingerprints.
    pub digest: [u8; 32],
}

/// Looks at the beginning of a file; none when it is not native code.
pub(crate) fn inspect(view: &View<'_>, mode: Option<u32>) -> Option<NativeFact> {
    let bytes = view.bytes;
    let mut fact = elf(bytes).or_else(|| pe(bytes)).or_else(|| mach_o(bytes))?;
    view.path.clone_into(&mut fact.path);
    fact.setuid = mode.is_some_and(|m| m & 0o6000 != 0);
    fact.digest = Sha256::digest(bytes).into();
    Some(fact)
}

/// Whether the bytes begin a native program, library or archive of object files.
pub(crate) fn is_native(bytes: &[u8]) -> bool {
    bytes.starts_with(b"!<arch>\n")
        || elf(bytes).is_some()
        || pe(bytes).is_some()
        || mach_o(bytes).is_some()
}

fn native(os: &'static str, format: &'static str) -> NativeFact {
    NativeFact {
        path: String::new(),
        os,
        arches: Vec::new(),
        format,
        program: true,
        rwx: false,
        exec_stack: false,
        setuid: false,
        digest: [0; 32],
    }
}

fn elf(bytes: &[u8]) -> Option<NativeFact> {
    if bytes.len() < 20 || !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let mut fact = native("linux", "ELF");
    let Ok(header) = goblin::elf::Elf::parse_header(bytes) else {
        fact.arches.push("unknown");
        return Some(fact);
    };
    fact.arches.push(match header.e_machine {
        EM_X86_64 => "x86_64",
        EM_AARCH64 => "aarch64",
        EM_386 => "x86",
        EM_ARM => "arm",
        EM_RISCV => "riscv64",
        _ => "unknown",
    });
    let segments = header
        .container()
        .and_then(|container| Ok(goblin::container::Ctx::new(container, header.endianness()?)))
        .and_then(|ctx| {
            let offset = usize::try_from(header.e_phoff).unwrap_or(usize::MAX);
            let room = bytes.len().saturating_sub(offset) / ProgramHeader::size(ctx);
            let count = usize::from(header.e_phnum).min(room);
            ProgramHeader::parse(bytes, offset.min(bytes.len()), count, ctx)
        })
        .unwrap_or_default();
    let interpreted = segments.iter().any(|s| s.p_type == PT_INTERP);
    fact.program = header.e_type == ET_EXEC || header.e_type == ET_DYN && interpreted;
    fact.rwx = segments.iter().any(|s| {
        s.p_type == goblin::elf::program_header::PT_LOAD && s.is_write() && s.is_executable()
    });
    fact.exec_stack = segments
        .iter()
        .any(|s| s.p_type == PT_GNU_STACK && s.is_executable());
    Some(fact)
}

/// A DOS header whose offset leads to `PE\0\0`; a text that begins with MZ is not one.
fn pe(bytes: &[u8]) -> Option<NativeFact> {
    if !bytes.starts_with(b"MZ") {
        return None;
    }
    let at = u32::from_le_bytes(bytes.get(0x3c..0x40)?.try_into().ok()?) as usize;
    let coff = bytes.get(at..at.checked_add(24)?)?;
    if !coff.starts_with(b"PE\0\0") {
        return None;
    }
    let mut fact = native("windows", "PE");
    let word = |i: usize| u16::from_le_bytes([coff[i], coff[i + 1]]);
    fact.arches.push(match word(4) {
        goblin::pe::header::COFF_MACHINE_X86_64 => "x86_64",
        goblin::pe::header::COFF_MACHINE_ARM64 => "aarch64",
        goblin::pe::header::COFF_MACHINE_X86 => "x86",
        _ => "unknown",
    });
    fact.program = word(22) & goblin::pe::characteristic::IMAGE_FILE_DLL == 0;
    let sections = at + 24 + usize::from(word(20));
    fact.rwx = (0..usize::from(word(6)).min(96)).any(|i| {
        let flags = sections + i * 40 + 36;
        bytes
            .get(flags..flags + 4)
            .and_then(|b| b.try_into().ok())
            .map(u32::from_le_bytes)
            .is_some_and(|f| f & 0xA000_0000 == 0xA000_0000)
    });
    Some(fact)
}

fn mach_o(bytes: &[u8]) -> Option<NativeFact> {
    let magic = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let mut fact = native("darwin", "Mach-O");
    match magic {
        mach::fat::FAT_MAGIC | FAT_MAGIC_64 => {
            // Java class files share this magic; their next word is a version of 45 and above.
            let count = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?);
            if !(1..45).contains(&count) {
                return None;
            }
            let step = if magic == mach::fat::FAT_MAGIC {
                20
            } else {
                32
            };
            for i in 0..count as usize {
                let at = 8 + i * step;
                let cpu = bytes
                    .get(at..at + 4)
                    .and_then(|b| b.try_into().ok())
                    .map(u32::from_be_bytes);
                fact.arches.push(cpu.map_or("unknown", mach_arch));
            }
        }
        mach::header::MH_MAGIC | mach::header::MH_MAGIC_64 => {
            mach_thin(&mut fact, bytes, u32::from_be_bytes)?;
        }
        mach::header::MH_CIGAM | mach::header::MH_CIGAM_64 => {
            mach_thin(&mut fact, bytes, u32::from_le_bytes)?;
        }
        _ => return None,
    }
    Some(fact)
}

fn mach_thin(fact: &mut NativeFact, bytes: &[u8], word: fn([u8; 4]) -> u32) -> Option<()> {
    let at = |i: usize| {
        bytes
            .get(i..i + 4)
            .and_then(|b| b.try_into().ok())
            .map(word)
    };
    fact.arches.push(mach_arch(at(4)?));
    fact.program = at(12)? == mach::header::MH_EXECUTE;
    Some(())
}

const fn mach_arch(cpu: u32) -> &'static str {
    match cpu {
        mach::constants::cputype::CPU_TYPE_X86_64 => "x86_64",
        mach::constants::cputype::CPU_TYPE_ARM64 => "aarch64",
        mach::constants::cputype::CPU_TYPE_X86 => "x86",
        _ => "unknown",
    }
}
