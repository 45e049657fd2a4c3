//! The plugin's one idea: how long is a text?

/// Words a person reads in a minute.
const WORDS_PER_MINUTE: usize = 200;

/// What is known about a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Count {
    /// Words, separated by white space.
    pub words: usize,
    /// Characters.
    pub characters: usize,
    /// Seconds it takes to read.
    pub seconds: usize,
}

/// Counts a text.
pub fn count(text: &str) -> Count {
    let words = text.split_whitespace().count();
    Count {
        words,
        characters: text.chars().count(),
        seconds: (words * 60).div_ceil(WORDS_PER_MINUTE),
    }
}

impl Count {
    /// As a JSON object.
    pub fn json(&self) -> String {
        format!(
            r#"{{"words":{},"characters":{},"seconds":{}}}"#,
            self.words, self.characters, self.seconds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(count("").json(), r#"{"words":0,"characters":0,"seconds":0}"#);
    }

    #[test]
    fn white_space_separates_words_and_is_counted_as_characters() {
        let expected = Count { words: 2, characters: 9, seconds: 1 };
        assert_eq!(count(" one\ttwo\n"), expected);
    }

    #[test]
    fn characters_are_those_people_see() {
        assert_eq!(count("é").characters, 1);
    }
}
