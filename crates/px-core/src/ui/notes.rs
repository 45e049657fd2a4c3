//! Release notes: the few marks of Markdown that notes use, everything else as written. Links and
//! markup of the publisher's are not followed.

use px_web::Html;

/// Longest text that is shown, characters; the rest is left out.
const MAX: usize = 20_000;

/// Headings, bullets and paragraphs.
pub(super) fn render(text: &str) -> Html {
    let text: String = text.chars().take(MAX).collect();
    let mut out = String::new();
    let (mut list, mut words) = (false, String::new());
    for line in text.lines().map(str::trim) {
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        let heading = line.starts_with('#');
        if line.is_empty() || item.is_some() || heading {
            flush(&mut out, &mut words);
        }
        if list && item.is_none() && (line.is_empty() || heading) {
            out.push_str("</ul>");
            list = false;
        }
        if let Some(item) = item {
            if !list {
                out.push_str("<ul>");
                list = true;
            }
            out.push_str(&format!("<li>{}</li>", inline(item)));
        } else if heading {
            let title = inline(line.trim_start_matches('#').trim());
            out.push_str(&format!("<p><strong>{title}</strong></p>"));
        } else if list && !line.is_empty() {
            // A wrapped line of the bullet above.
            let end = out.len() - "</li>".len();
            out.insert_str(end, &format!(" {}", inline(line)));
        } else if !line.is_empty() {
            words.push_str(line);
            words.push(' ');
        }
    }
    flush(&mut out, &mut words);
    if list {
        out.push_str("</ul>");
    }
    Html::trusted(format!(r#"<div class="px-text">{out}</div>"#))
}

fn flush(out: &mut String, words: &mut String) {
    if !words.is_empty() {
        out.push_str(&format!("<p>{}</p>", inline(words.trim())));
        words.clear();
    }
}

/// `code` between backticks, bold marks left out.
fn inline(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let last = parts.len() - 1;
    let pieces = parts.iter().enumerate().map(|(i, part)| {
        if i % 2 == 1 && i < last {
            format!("<code>{}</code>", Html::text(part))
        } else if i % 2 == 1 {
            format!("`{}", Html::text(part))
        } else {
            Html::text(&part.replace("**", "")).into_string()
        }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_markup_and_nothing_else_does() {
        let text = "# What <b>is</b> new\n\n- one `a<b`\n  goes on\n* two\n\nAfter **that**\nmore `open\n<script>";
        insta::assert_snapshot!(render(text).as_str(), @r#"<div class="px-text"><p><strong>What &lt;b&gt;is&lt;/b&gt; new</strong></p><ul><li>one <code>a&lt;b</code> goes on</li><li>two</li></ul><p>After that more `open &lt;script&gt;</p></div>"#);
    }
}
