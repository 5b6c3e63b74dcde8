//! Which mails people may switch off.

use super::mails::Mail;
use crate::domain::mail::MailCategory;

impl Mail {
    /// The category it is switched off with; `None` for what is essential: a partner or a colleague waits for an answer, the
    /// plan of two people changes, the reader asked for it, or nobody else would tell.
    pub const fn category(&self) -> Option<MailCategory> {
        match self {
            Self::ProposalReminder(_)
            | Self::FirstContactReminder(_)
            | Self::SessionReminder(_)
            | Self::StalledReminder(_) => Some(MailCategory::Reminders),
            Self::NotMatchedYet(_) => Some(MailCategory::News),
            Self::RunAwaitsApproval(_) | Self::CoordinatorDigest(_) => Some(MailCategory::StaffNotes),
            Self::Topic(_) | Self::CheckIn(_) | Self::WrapUp(_) => Some(MailCategory::Prompts),
            Self::Introduction(_)
            | Self::Proposal(_)
            | Self::PairRequest(_)
            | Self::MatchEnded(_)
            | Self::SessionProposed(_)
            | Self::SessionInvitation(_)
            | Self::SessionChanged(_)
            | Self::SessionCanceled(_)
            | Self::WebhookDisabled(_)
            | Self::SignInLink(_) => None,
        }
    }
}
