//! Progress of a transfer on the terminal's error stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::Stream;

/// The terminal as indicatif sees it.
#[derive(Clone)]
struct Screen {
    stream: Arc<Stream>,
    columns: u16,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Screen({})", self.columns)
    }
}

impl Screen {
    fn step(&self, count: usize, letter: char) -> io::Result<()> {
        if count > 0 {
            self.stream.write(&format!("\u{1b}[{count}{letter}"))?;
        }
        Ok(())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.columns
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.stream.write(&format!("{text}\n"))
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.stream.write(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.stream.write("\r\u{1b}[2K")
    }
    fn flush(&self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A progress bar; invisible when nobody watches. Clones are the same bar.
#[derive(Clone)]
pub struct Bar(ProgressBar);

impl Bar {
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// `name` is said to the left of the bar, `total` and `done` are bytes.
    pub(super) fn new(
        stream: Arc<Stream>,
        columns: u16,
        unicode: bool,
        total: u64,
        done: u64,
    ) -> Self {
        let target =
            ProgressDrawTarget::term_like_with_hz(Box::new(Screen { stream, columns }), 10);
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match columns {
            0..50 => "{bytes}/{total_bytes} {percent}% {eta}{msg}",
            50..75 => "{bar:16} {percent:>3}%  {bytes_per_sec}  {eta} left{msg}",
            _ => "{bar:24} {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left{msg}",
        };
        let chars = if unicode { "━╸ " } else { "=> " };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars(chars));
        }
        bar.set_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Bytes that are through.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Says what is going on, such as a pause before the next try; empty to say nothing.
    pub fn say(&self, message: &str) {
        let text = if message.is_empty() {
            String::new()
        } else {
            format!("  {message}")
        };
        self.0.set_message(text);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
