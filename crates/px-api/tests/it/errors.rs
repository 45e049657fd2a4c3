//! Every error code has a page for people: `docs/errors.md`, and in the running programs
//! `/problems/PX-nnnn` and `px-plugin explain PX-nnnn`, all from the one catalogue.

use px_api::{Code, Problem};
use std::fmt::Write as _;

const FAMILIES: [(&str, &str); 8] = [
    ("00", "Any request"),
    ("01", "Identity"),
    ("02", "Publishing"),
    ("03", "Review"),
    ("04", "Installing"),
    ("05", "The gateway"),
    ("06", "Notifications"),
    ("07", "The command line"),
];

/// The document as the catalogue has it.
fn document() -> String {
    let mut out = String::from(
        "# Error codes\n\n\
         Every refusal and failure has one of these codes: in answers of the API (`application/problem+json`, field `code`), on pages, in logs\n\
         and on the command line. `px-plugin explain CODE` prints the same, in Chinese where the locale is Chinese; `/problems/CODE` on\n\
         both sites is the page that a problem's `type` leads to. Codes never change their meaning.\n\n\
         This file is written by `PX_UPDATE_ERRORS=1 cargo nextest run -p px-api -E 'test(errors::)'`.\n",
    );
    for (family, title) in FAMILIES {
        let _ = write!(out, "\n## {title}\n");
        for code in Code::ALL.iter().filter(|c| &c.as_str()[3..5] == family) {
            let _ = write!(
                out,
                "\n### {code}: {title}\n\n{title_zh} · HTTP {status}\n\n- **Why:** {cause}\n- **What to do:** {remedy}\n- **原因：**{cause_zh}\n- **处理：**{remedy_zh}\n",
                code = code.as_str(),
                title = code.title(),
                title_zh = code.title_zh(),
                status = code.status(),
                cause = code.cause(),
                remedy = code.remedy(),
                cause_zh = code.cause_zh(),
                remedy_zh = code.remedy_zh(),
            );
        }
    }
    out
}

#[test]
fn every_code_is_in_the_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let wanted = document();
    for code in Code::ALL {
        let heading = format!("### {}: ", code.as_str());
        assert!(wanted.contains(&heading), "{} has no family", code.as_str());
    }
    if std::env::var_os("PX_UPDATE_ERRORS").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/errors.md differs from the catalogue; write it with PX_UPDATE_ERRORS=1"
    );
}

#[test]
fn a_problem_leads_to_its_page() {
    for code in Code::ALL {
        let problem = Problem::new(*code, "what happened");
        assert_eq!(problem.kind, format!("/problems/{}", code.as_str()));
        assert_eq!(problem.status, code.status());
    }
}
