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
pub struct Bar {
    bar: ProgressBar,
    /// How it looks while bytes flow, and while something has to be said instead of speed and time left.
    styles: Option<[ProgressStyle; 2]>,
}

impl Bar {
    pub(super) fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            styles: None,
        }
    }

    /// `total` and `done` are bytes.
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
        let chars = if unicode { "━╸ " } else { "=> " };
        let (flowing, talking) = match columns {
            0..50 => ("{bytes}/{total_bytes} {percent}% {eta}", "{percent}% {msg}"),
            50..75 => (
                "{bar:16} {percent:>3}%  {bytes_per_sec}  {eta} left",
                "{bar:16} {percent:>3}%  {msg}",
            ),
            _ => (
                "{bar:24} {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
                "{bar:24} {percent:>3}%  {bytes}/{total_bytes}  {msg}",
            ),
        };
        let style = |template| {
            let style = ProgressStyle::with_template(template).ok()?;
            Some(style.progress_chars(chars))
        };
        let bar = Self {
            bar,
            styles: style(flowing).zip(style(talking)).map(Into::into),
        };
        bar.say("");
        bar.bar.set_position(done);
        bar.bar.reset_eta();
        bar.bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// Something is going on that cannot be measured.
    pub(super) fn busy(stream: Arc<Stream>, columns: u16, unicode: bool, words: &str) -> Self {
        let target =
            ProgressDrawTarget::term_like_with_hz(Box::new(Screen { stream, columns }), 10);
        let bar = ProgressBar::with_draw_target(None, target);
        let ticks = if unicode {
            "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "
        } else {
            "|/-\\ "
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style.tick_chars(ticks));
        }
        bar.set_message(words.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, styles: None }
    }

    /// Bytes that are through.
    pub fn at(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Says what is going on, such as a pause before the next try; empty when bytes flow again.
    pub fn say(&self, message: &str) {
        if let Some([flowing, talking]) = &self.styles {
            let style = if message.is_empty() { flowing } else { talking };
            self.bar.set_style(style.clone());
        }
        self.bar.set_message(message.to_owned());
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
