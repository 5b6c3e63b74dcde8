//! Relays that misbehave at every command.

use std::time::Duration;

use super::world::World;
use crate::support::{
    house::On,
    smtp::{Rule, Stage},
};

const IN_A_MESSAGE: [Stage; 4] = [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot];
/// Longer than a worker waits for one answer.
const TOO_LONG: Duration = Duration::from_secs(3);

async fn statuses(world: &World, status: &str) -> i64 {
    let client = world.client().await.unwrap();
    let question = "SELECT count(*) FROM messages WHERE kind = 'INTRODUCTION' AND status = $1";
    client.query_one(question, &[&status]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_may_fail_at_every_command_of_a_message() {
    let Some(world) = World::open(On::Postgres, 1, 42).await else { return };
    for stage in IN_A_MESSAGE {
        world.relay.script(Rule::reply(stage, "451 4.3.0 try again later").after(1));
        world.relay.script(Rule::reply(stage, "421 4.3.2 shutting down").after(1));
        world.relay.script(Rule::reply(stage, "550 5.7.1 not that one").after(1));
        world.relay.script(Rule::drop(stage).after(1));
        world.relay.script(Rule::silence(stage).after(1));
    }
    world.relay.script(Rule::accept_and_drop().after(2));
    world.relay.script(Rule::accept_and_drop().after(4));
    world.relay.script(Rule::late_reply(Stage::Dot, TOO_LONG, "554 5.0.0 no, after all").after(3));
    let copies = world.finish().await;
    // An answer that came too late was a refusal, so only those accepted in silence come again.
    assert_eq!(copies, 2);
    assert_eq!((statuses(&world, "FAILED").await, statuses(&world, "SENT").await), (4, 38));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_may_fail_before_the_first_message() {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return };
    for rule in [
        Rule::drop(Stage::Greeting),
        Rule::silence(Stage::Greeting),
        Rule::reply(Stage::Greeting, "421 4.3.2 too busy"),
        Rule::reply(Stage::Greeting, "554 5.3.2 go away"),
        Rule::drop(Stage::Hello),
        Rule::reply(Stage::Hello, "451 4.3.0 not now"),
        Rule::silence(Stage::Hello),
    ] {
        world.relay.script(rule);
        let mut worker = world.worker("").await;
        worker.says("the relay takes no mail").await;
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
    }
    assert_eq!(world.finish().await, 0);
    assert_eq!(statuses(&world, "SENT").await, 12);
    let client = world.client().await.unwrap();
    let tried = client.query_one("SELECT max(attempts) FROM messages", &[]).await.unwrap();
    assert_eq!(tried.get::<_, i32>(0), 1, "no message lost an attempt");
}
