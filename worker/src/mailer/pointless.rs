//! Whether a mail still makes sense when its turn comes. One that does not is suppressed, not sent late.

use chrono::{DateTime, Utc};
use shared::{
    domain::{
        match_runs::{MatchRun, RunStatus},
        matches::{Answer, Match, MatchStatus},
        messages::Message,
        sessions::{Session, SessionStatus},
    },
    outbox::mails::Mail,
};

/// Why nobody needs the mail any more; `None` when it is to be sent. `found` is the match it is about, `run` the run,
/// `session` the session.
pub(super) fn why(
    message: &Message,
    found: Option<&Match>,
    run: Option<&MatchRun>,
    session: Option<&Session>,
    now: DateTime<Utc>,
) -> Option<&'static str> {
    if message.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Some("its time is over");
    }
    let stands = |status: MatchStatus| found.is_some_and(|found| found.status == status);
    match &message.mail {
        Mail::Proposal(_) | Mail::ProposalReminder(_) | Mail::PairRequest(_) => {
            let side = found.and_then(|found| Some(found.sides(found.side_of(message.person_id)?).0));
            let waits = stands(MatchStatus::Proposed) && side.is_some_and(|side| side.answer == Answer::Pending);
            (!waits).then_some("answered or closed meanwhile")
        }
        Mail::Introduction(_) | Mail::Topic(_) | Mail::CheckIn(_) => {
            (!stands(MatchStatus::Active)).then_some("the match is not active any more")
        }
        Mail::FirstContactReminder(_) => {
            let waits = stands(MatchStatus::Active) && found.is_some_and(|found| found.first_contact_at.is_none());
            (!waits).then_some("the two are in touch, or the match is not active any more")
        }
        Mail::RunAwaitsApproval(_) => {
            let waits = run.is_some_and(|run| run.status == RunStatus::Ready);
            (!waits).then_some("decided or superseded meanwhile")
        }
        Mail::SessionProposed(mail)
        | Mail::SessionInvitation(mail)
        | Mail::SessionChanged(mail)
        | Mail::SessionReminder(mail) => {
            let awaited = if mail.agreed { SessionStatus::Scheduled } else { SessionStatus::Proposed };
            let is_newest =
                session.is_some_and(|session| session.status == awaited && session.sequence == mail.sequence);
            let lives = found.is_some_and(|found| found.status.is_living());
            (!is_newest || !lives).then_some("the session is moved, called off or over")
        }
        Mail::StalledReminder(mail) => {
            let waits = stands(MatchStatus::Active)
                && found.and_then(Match::last_sign_of_life).is_some_and(|last| last <= mail.last_contact_at);
            (!waits).then_some("the two are in touch, or the match is not active any more")
        }
        // What stands in a calendar has to be taken out of it, whatever became of the match.
        Mail::SessionCanceled(_)
        | Mail::WrapUp(_)
        | Mail::CoordinatorDigest(_)
        | Mail::NotMatchedYet(_)
        | Mail::MatchEnded(_)
        | Mail::WebhookDisabled(_)
        | Mail::SignInLink(_) => None,
    }
}
