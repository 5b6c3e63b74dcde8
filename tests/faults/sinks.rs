//! A second opinion on what was sent: Postfix's smtp-sink takes the mail instead of our own relay.

use std::collections::BTreeMap;

use super::{kills::dies, world::World};
use crate::support::{house::On, process::Launch, sink::Sink};

const PEOPLE: usize = 30;

fn launch(world: &World, sink: &Sink, failpoints: &str) -> Launch {
    world.launch(failpoints).mail_to(sink.address())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sink_of_postfix_agrees_with_the_database() {
    let Some(mut sink) = Sink::start() else { return };
    let Some(world) = World::open(On::Postgres, 1, PEOPLE).await else { return };

    // Deaths before, at and after the mark, and after the dot.
    for point in [
        "mail.before_mark=kill@1",
        "mail.marked=kill@2",
        "mail.before_dot=kill@2",
        "mail.after_dot=kill@2",
        "mail.before_sent=kill@3",
    ] {
        dies(launch(&world, &sink, point).start().await, point).await;
    }
    // It refuses for now, hangs up, and is not there at all.
    for options in [["-r", "RCPT"], ["-r", "DATA"], ["-Q", "MAIL"], ["-q", "DATA"]] {
        sink.come_back(&options);
        let mut worker = launch(&world, &sink, "").start().await;
        worker.says("not sent yet").await;
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
    }
    sink.go_away();
    let mut worker = launch(&world, &sink, "").start().await;
    worker.says("the relay takes no mail").await;
    sink.come_back(&[]);
    world.settle().await;
    assert!(worker.terminate().await.success(), "{}", worker.stderr());

    let taken = sink.taken();
    let client = world.client().await.unwrap();
    let question = "SELECT m.id::text, m.status, p.email FROM messages m JOIN people p ON p.id = m.person_id
        WHERE m.kind = 'INTRODUCTION'";
    let rows = client.query(question, &[]).await.unwrap();
    let addresses: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(2))).collect();
    assert_eq!(addresses.len(), PEOPLE, "everybody is introduced");
    let unsent: Vec<_> = rows.iter().map(|row| row.get::<_, String>(1)).filter(|status| status != "SENT").collect();
    assert!(unsent.is_empty(), "{unsent:?}");
    assert_eq!(taken.len(), PEOPLE, "nothing is lost, nothing was made up");
    for (id, copies) in &taken {
        let address = &addresses[id.split('@').next().unwrap()];
        for copy in copies {
            assert_eq!((&copy.to, copy.from.as_str()), (address, "mentoring@counterpart.test"));
        }
    }
    let copies: usize = taken.values().map(Vec::len).sum();
    assert_eq!(copies - taken.len(), 2, "one second copy for each death after the dot, and no other");
}
