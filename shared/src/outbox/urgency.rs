//! Which mails may wait for the morning.

use super::mails::Mail;

impl Mail {
    /// Whether it says as much a few hours later: what a night, a calendar or the end of something brings. Not what somebody
    /// asked for just now, what somebody else waits to be answered, what changes a plan, or what is about the next hours.
    pub const fn may_wait(&self) -> bool {
        match self {
            Self::Introduction(_)
            | Self::Proposal(_)
            | Self::ProposalReminder(_)
            | Self::FirstContactReminder(_)
            | Self::NotMatchedYet(_)
            | Self::MatchEnded(_)
            | Self::RunAwaitsApproval(_)
            | Self::StalledReminder(_)
            | Self::Topic(_)
            | Self::CheckIn(_)
            | Self::WrapUp(_)
            | Self::CoordinatorDigest(_) => true,
            // The last one before a session is for whoever is about to leave the house.
            Self::SessionReminder(mail) => matches!(mail.hours_before, Some(hours) if hours > 2),
            Self::PairRequest(_)
            | Self::WebhookDisabled(_)
            | Self::SignInLink(_)
            | Self::SessionProposed(_)
            | Self::SessionInvitation(_)
            | Self::SessionChanged(_)
            | Self::SessionCanceled(_) => false,
        }
    }
}
