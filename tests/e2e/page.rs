//! ARCHITECTURE.md stays true: every state machine is drawn there as it is in the code.

use std::{fs, path::Path};

use shared::domain::{
    enrollments::EnrollmentStatus,
    match_runs::RunStatus,
    matches::MatchStatus,
    messages::MessageStatus,
    rounds::RoundStatus,
    sessions::SessionStatus,
    states::draw,
    webhooks::{DeliveryStatus, EndpointStatus},
};

#[test]
fn every_state_machine_is_drawn_as_it_is() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for (title, drawing) in [
        ("Round", draw(RoundStatus::TABLE)),
        ("Enrollment", draw(EnrollmentStatus::TABLE)),
        ("Match run", draw(RunStatus::TABLE)),
        ("Match", draw(MatchStatus::TABLE)),
        ("Message", draw(MessageStatus::TABLE)),
        ("Session", draw(SessionStatus::TABLE)),
        ("Webhook endpoint", draw(EndpointStatus::TABLE)),
        ("Webhook delivery", draw(DeliveryStatus::TABLE)),
    ] {
        let section = format!("### {title}\n\n{drawing}");
        assert!(page.contains(&section), "ARCHITECTURE.md lacks this section; paste it:\n\n{section}");
    }
}
