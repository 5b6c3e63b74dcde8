//! Every mail in every language, and what people could write to break one.

use shared::{
    domain::{
        explanations::Ground,
        non_matches::{Finding, Reason, Relaxation},
    },
    outbox::mails::Mail,
};

use super::{Rendered, language::Language, render, samples, templates};

fn rendered(mail: &Mail, locale: &str) -> Rendered {
    render(mail, locale).expect("templates are sound")
}

fn subject_and_text(mail: &Mail, locale: &str) -> String {
    let Rendered { subject, text, .. } = rendered(mail, locale);
    format!("{subject}\n\n{text}")
}

#[test]
fn every_mail_in_every_language() {
    for mail in templates::samples() {
        for language in Language::ALL.map(Language::code) {
            let name = format!("{}_{language}", templates::folder(&mail));
            insta::assert_snapshot!(name.as_str(), subject_and_text(&mail, language));
            insta::assert_snapshot!(format!("{name}_html"), rendered(&mail, language).html);
        }
    }
}

#[test]
fn mentors_and_mentees_read_other_words_than_peers() {
    for (role, you_are_mentor) in [("mentor", true), ("mentee", false)] {
        for language in Language::ALL.map(Language::code) {
            let introduction = Mail::Introduction(shared::outbox::mails::Introduction {
                you_are_mentor: Some(you_are_mentor),
                you_move_first: !you_are_mentor,
                ice_breakers: vec![String::from("Which book do you give away most often?")],
                ..samples::introduction()
            });
            insta::assert_snapshot!(
                format!("introduction_{role}_{language}"),
                subject_and_text(&introduction, language)
            );
            let proposal = Mail::Proposal(shared::outbox::mails::Proposal {
                you_are_mentor: Some(you_are_mentor),
                in_common: Vec::new(),
                link: None,
                ..samples::proposal()
            });
            insta::assert_snapshot!(format!("proposal_{role}_{language}"), subject_and_text(&proposal, language));
        }
    }
}

#[test]
fn without_any_contact_the_organization_is_named() {
    let mut request = samples::pair_request();
    request.setting.contact = None;
    request.note = None;
    let text = rendered(&Mail::PairRequest(request), "en").text;
    assert!(text.contains("through your contact at Alumni\nNetwork"), "{text}");
    assert!(!text.contains("Questions:") && !text.contains("writes:"), "{text}");
}

#[test]
fn facts_in_words() {
    let facts = [
        Ground::SameCountry { country: String::from("CH") },
        Ground::SharedLanguages { languages: vec![String::from("de")] },
        Ground::SharedLanguages { languages: Vec::new() },
        Ground::SharedAnswers { label: String::from("Interests"), values: Vec::new() },
        Ground::DifferentAnswers {
            label: String::from("Field"),
            a: vec![String::from("physics")],
            b: vec![String::from("law"), String::from("music")],
        },
        Ground::DifferentAnswers { label: String::from("Field"), a: Vec::new(), b: vec![String::from("law")] },
        Ground::Offered { label: String::from("Skills"), by_a: vec![String::from("SQL")], by_b: Vec::new() },
        Ground::Offered { label: String::from("Skills"), by_a: Vec::new(), by_b: Vec::new() },
        Ground::HoursApart { hours: 0 },
        Ground::HoursApart { hours: 1 },
    ];
    for language in Language::ALL {
        let words: Vec<String> = facts
            .iter()
            .map(|fact| language.ground(fact, "Maria").unwrap_or_else(|| String::from("(nothing)")))
            .collect();
        insta::assert_snapshot!(format!("grounds_{}", language.code()), words.join("\n"));
    }
}

const REASONS: [Reason; 11] = [
    Reason::NoCandidateMust,
    Reason::AllCandidatesFull,
    Reason::LostOnPriority,
    Reason::LostOnTotalScore,
    Reason::OddOneOut,
    Reason::OnlyPastPartners,
    Reason::ExcludedByConstraint,
    Reason::PausedOrIncomplete,
    Reason::BelowMinScore,
    Reason::JoinedAfterCutoff,
    Reason::QuotaWaitlisted,
];

#[test]
fn reasons_and_help_in_words() {
    let relaxations = [
        Relaxation::DropCriterion { label: String::from("Same field") },
        Relaxation::AllowPastPartners,
        Relaxation::LowerMinimumScore { to: 420 },
        Relaxation::OneMorePlace { candidates: 1 },
        Relaxation::OneMorePlace { candidates: 3 },
        Relaxation::OneMoreParticipant,
    ];
    for language in Language::ALL {
        let help = |finding: &Finding| language.help(finding).unwrap_or_else(|| String::from("(only waiting)"));
        let reasons = REASONS.map(|reason| {
            let finding = finding(reason, 12, None);
            format!("{reason:?}\n  {}\n  {}", language.reason(&finding), help(&finding))
        });
        let small = [0, 1].map(|considered| language.reason(&finding(Reason::NoCandidateMust, considered, None)));
        let helped = relaxations.clone().map(|relaxation| {
            let finding = finding(Reason::NoCandidateMust, 12, Some(relaxation.clone()));
            format!("{relaxation:?}\n  {}", help(&finding))
        });
        let words = [reasons.join("\n"), small.join("\n"), helped.join("\n")].join("\n\n");
        insta::assert_snapshot!(format!("findings_{}", language.code()), words);
    }
}

fn finding(reason: Reason, considered: u32, relaxation: Option<Relaxation>) -> Finding {
    Finding { reason, considered, removals: Vec::new(), relaxation }
}

#[test]
fn a_constraint_is_never_told() {
    let mail = |reason| {
        let mut mail = samples::not_matched_yet();
        mail.finding.reason = reason;
        mail.finding.relaxation = None;
        Mail::NotMatchedYet(mail)
    };
    for locale in ["en", "de"] {
        assert_eq!(
            rendered(&mail(Reason::ExcludedByConstraint), locale),
            rendered(&mail(Reason::LostOnTotalScore), locale)
        );
    }
}

#[test]
fn nothing_people_write_becomes_markup_or_a_line_of_its_own() {
    let mut introduction = samples::introduction();
    introduction.partner.name = String::from("<img src=x onerror=alert(1)>\r\nBcc: all@example.org");
    introduction.partner.headline = Some(String::from("\u{202e}olleh\u{0}\u{8}{{ 7 * 7 }} & \"co\""));
    introduction.partner.email = Some(String::from("\"><script>@example.org?cc=all@example.org"));
    introduction.ice_breakers = vec![String::from("</li><script>alert(1)</script>")];
    let mail = rendered(&Mail::Introduction(introduction), "en");

    assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")), "{}", mail.text);
    for part in [&mail.subject, &mail.text, &mail.html] {
        assert!(!part.contains(['\u{202e}', '\0', '\u{8}']), "{part}");
    }
    assert!(!mail.html.contains("<img") && !mail.html.contains("<script"), "{}", mail.html);
    assert!(mail.html.contains("{{ 7 * 7 }} &amp; &quot;co&quot;"), "{}", mail.html);
    // An address that could carry more than itself is shown, not linked.
    assert_eq!(mail.html.matches("mailto:").count(), 3, "{}", mail.html);
}

#[test]
fn only_web_links_are_offered_to_be_clicked() {
    let mut proposal = samples::proposal();
    proposal.link = Some(String::from("javascript:alert(1)"));
    let mail = rendered(&Mail::Proposal(proposal), "de");
    assert!(!mail.html.contains("javascript:") && !mail.text.contains("javascript:"));
    assert!(mail.text.contains("mit einer Mail an"), "{}", mail.text);
}

#[test]
fn right_to_left_names_and_very_long_ones_are_kept() {
    let mut introduction = samples::introduction();
    introduction.partner.name = String::from("ليلى حدّاد");
    introduction.partner.headline = Some("long ".repeat(2_000));
    let mail = rendered(&Mail::Introduction(introduction), "en");
    assert!(mail.subject.contains("ليلى حدّاد"));
    assert!(mail.html.contains("<strong dir=\"auto\">ليلى حدّاد</strong>"));
    assert!(mail.text.lines().all(|line| line.chars().count() <= 76), "{}", mail.text);
}

/// For the eye: `cargo test -p worker preview -- --ignored`, then open the files in a browser.
#[test]
#[ignore = "writes every HTML part to `counterpart-mails` in the folder for temporary files"]
fn preview() {
    let folder = std::env::temp_dir().join("counterpart-mails");
    std::fs::create_dir_all(&folder).expect("created");
    for mail in templates::samples() {
        for language in Language::ALL.map(Language::code) {
            let name = format!("{}_{language}.html", templates::folder(&mail));
            std::fs::write(folder.join(name), rendered(&mail, language).html).expect("written");
        }
    }
}
