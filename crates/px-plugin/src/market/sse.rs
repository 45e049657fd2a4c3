//! Reading server-sent events (WHATWG HTML, section 9.2).

/// Puts events together from pieces that arrive in any size.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    data: Vec<String>,
    oversized: bool,
}

/// Longest event that is taken; a longer one is passed over.
const MAX_EVENT: usize = 1024 * 1024;

impl Parser {
    /// Takes a piece and gives the data of every event that it completes.
    pub fn push(&mut self, piece: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        for byte in piece {
            match byte {
                b'\n' => events.extend(self.end_of_line()),
                _ if self.line.len() < MAX_EVENT => self.line.push(*byte),
                _ => self.oversized = true,
            }
        }
        events
    }

    fn end_of_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            let whole = !std::mem::take(&mut self.oversized);
            return (!data.is_empty() && whole).then(|| data.join("\n"));
        }
        if let Some(data) = line.strip_prefix("data:") {
            let held: usize = self.data.iter().map(String::len).sum();
            if held + data.len() > MAX_EVENT {
                self.oversized = true;
            } else {
                self.data
                    .push(data.strip_prefix(' ').unwrap_or(data).to_owned());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Parser;

    #[test]
    fn pieces_of_any_size_give_the_same_events() {
        let text = ": hello\r\nid: 1\ndata: {\"a\":\ndata: 1}\n\nevent: x\ndata:two\r\n\r\n: ping\n\ndata: unfinished";
        let expected = vec!["{\"a\":\n1}".to_owned(), "two".to_owned()];
        for size in [1, 2, 3, 7, 1000] {
            let mut parser = Parser::default();
            let events: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| parser.push(piece))
                .collect();
            assert_eq!(events, expected, "pieces of {size}");
        }
    }
}
