//! Authors' Markdown as markup: no HTML of theirs, no foreign pictures, only plain links.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use px_web::Html;

/// Longest text that is rendered, bytes; the rest is left out.
const MAX: usize = 256 << 10;
/// Headings begin here: the page's and the card's own stand above.
const FIRST: usize = 3;

/// Renders Markdown. Headings begin at the third level and leave none out.
pub(super) fn render(text: &str) -> Html {
    let mut end = text.len().min(MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parse = || Parser::new_ext(&text[..end], options);
    let mut safe = Filter::new(parse());
    let events: Vec<Event<'_>> = parse().filter_map(|event| safe.pass(event)).collect();
    let mut out = String::with_capacity(end + end / 2);
    html::push_html(&mut out, events.into_iter());
    // What scrolls sideways must be reachable with the keyboard.
    let out = out.replace("<pre>", r#"<pre tabindex="0">"#);
    Html::trusted(format!(r#"<div class="px-prose">{out}</div>"#))
}

struct Filter {
    /// Levels the text uses, highest first.
    levels: Vec<HeadingLevel>,
    /// Level of the heading before.
    last: usize,
    /// Whether each open link was let through.
    links: Vec<bool>,
}

impl Filter {
    fn new<'a>(events: impl Iterator<Item = Event<'a>>) -> Self {
        let mut levels: Vec<HeadingLevel> = events
            .filter_map(|event| match event {
                Event::Start(Tag::Heading { level, .. }) => Some(level),
                _ => None,
            })
            .collect();
        levels.sort_unstable();
        levels.dedup();
        Self {
            levels,
            last: FIRST - 1,
            links: Vec::new(),
        }
    }

    fn pass<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => None,
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => None,
            // A picture elsewhere would tell its host who reads; its words stay.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
            Event::Start(Tag::Heading { level, .. }) => {
                self.last = self.lower(level);
                Some(Event::Start(Tag::Heading {
                    level: HeadingLevel::try_from(self.last).ok()?,
                    id: None,
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }))
            }
            Event::End(TagEnd::Heading(_)) => {
                let level = HeadingLevel::try_from(self.last).ok()?;
                Some(Event::End(TagEnd::Heading(level)))
            }
            Event::Start(Tag::Link { dest_url, .. }) => self.open(&dest_url),
            Event::End(TagEnd::Link) => self
                .links
                .pop()?
                .then_some(Event::InlineHtml(CowStr::Borrowed("</a>"))),
            other => Some(other),
        }
    }

    fn lower(&self, level: HeadingLevel) -> usize {
        let rank = self.levels.iter().position(|l| *l == level).unwrap_or(0);
        (FIRST + rank).min(self.last + 1).min(6)
    }

    fn open<'a>(&mut self, address: &str) -> Option<Event<'a>> {
        let known = ["https://", "http://", "mailto:"];
        let fine = known.iter().any(|start| {
            address
                .get(..start.len())
                .is_some_and(|a| a.eq_ignore_ascii_case(start))
        });
        self.links.push(fine);
        let href = Html::text(address);
        fine.then(|| {
            let tag = format!(r#"<a href="{href}" rel="nofollow noopener noreferrer ugc">"#);
            Event::InlineHtml(tag.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_authors_html_survives() {
        let text = "# Hi <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n\
                    [a](javascript:alert(1)) [b](https://e.example/?a=\"><i) ![pic](https://t.example/p.png)\n\n`<b>`";
        let out = render(text).into_string();
        insta::assert_snapshot!(out, @r#"
        <div class="px-prose"><h3>Hi alert(1)</h3>
        <p>a <a href="https://e.example/?a=&quot;&gt;&lt;i" rel="nofollow noopener noreferrer ugc">b</a> pic</p>
        <p><code>&lt;b&gt;</code></p>
        </div>
        "#);
    }

    #[test]
    fn headings_leave_no_level_out() {
        let out = render("### A\n\n##### B\n\n# C\n\n##### D").into_string();
        let levels: Vec<&str> = out.split("<h").skip(1).map(|rest| &rest[..1]).collect();
        assert_eq!(levels, ["3", "4", "3", "4"]);
    }
}
