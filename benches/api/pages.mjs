// The pages that are measured: what each server is asked for one of them, and how its answer reads in common words.
import { id } from "./bearer.mjs";

const globalId = (type, uuid) => Buffer.from(`${type}:${uuid.replaceAll("-", "")}`).toString("base64url");
const instant = (text) => new Date(text).toISOString();
const sorted = (counts) => counts.map(({ status, count }) => [status, count]).sort();

/** An id of Counterpart as the tables have it. */
function plain(opaque) {
  const hex = Buffer.from(opaque, "base64url").toString().split(":")[1];
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const EXPLANATION = "explanation { score contributions { must points outOf ground { kind label shared one other hours } } }";

/** What the two sides of a stored explanation mean for the one who reads it. */
function told({ score, contributions }, side) {
  const ground = ({ kind, label = null, languages, values, a, b, by_a, by_b, hours = null }) => {
    const [one, other] = [by_a ?? [a ?? []].flat(), by_b ?? [b ?? []].flat()];
    const turned = side === "A" ? { one, other } : { one: other, other: one };
    return { kind, label, shared: languages ?? values ?? [], ...turned, hours };
  };
  return { score, contributions: contributions.map((found) => ({
    must: found.must, points: found.points, outOf: found.out_of, ground: ground(found.ground) })) };
}

const home = {
  person: (n) => id(2, n),
  people: 10_000,
  counterpart: {
    query: `query Home { viewer { person { name } matches(first: 10) { nodes { id status score proposedAt
      partner { id name headline country languages } partnerSide { about { key label values } } ${EXPLANATION} } } } }`,
    read: ({ viewer }) => ({
      name: viewer.person.name,
      matches: viewer.matches.nodes.map(({ id, proposedAt, partner, partnerSide, ...rest }) => ({
        ...rest, id: plain(id), proposedAt: instant(proposedAt), partner: { ...partner, id: plain(partner.id) }, about: partnerSide.about })),
    }),
  },
  // Explanations and answers go out as they are stored: the client turns and labels them.
  postgraphile: {
    query: `query Home { viewer { name participantMatches(first: 10, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes { rowId side status score proposedAt
      explanation partner { rowId name headline country languages } partnerEnrollment { about
      programByProgramId { questionsByProgramId { nodes { position key label } } } } } } } }`,
    read: ({ viewer }) => ({
      name: viewer.name,
      matches: viewer.participantMatches.nodes.map(({ rowId, side, explanation, proposedAt, partner, partnerEnrollment, ...rest }) => ({
        ...rest, id: rowId, proposedAt: instant(proposedAt), explanation: told(explanation, side),
        partner: (({ rowId, ...rest }) => ({ ...rest, id: rowId }))(partner),
        about: partnerEnrollment.programByProgramId.questionsByProgramId.nodes.filter(({ key }) => partnerEnrollment.about[key])
          .sort((one, other) => one.position - other.position)
          .map(({ key, label }) => ({ key, label, values: partnerEnrollment.about[key] })) })),
    }),
  },
  mercurius: {
    query: `query Home { viewer { person { name } matches(first: 10) { id status score proposedAt
      partner { id name headline country languages } partnerSide { about { key label values } } ${EXPLANATION} } } }`,
    read: ({ viewer }) => ({
      name: viewer.person.name,
      matches: viewer.matches.map(({ partnerSide, ...rest }) => ({ ...rest, about: partnerSide.about })),
    }),
  },
};

const list = {
  person: () => id(2, 60_002),
  people: 12,
  counterpart: {
    query: `query List($round: ID!) { enrollments(first: 50, where: { roundId: $round, statuses: [COMPLETED] },
      orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount pageInfo { hasNextPage }
      nodes { id role status priority updatedAt person { id name headline country externalId } } } }`,
    variables: (n) => ({ round: globalId("Round", id(7, 1 + n % 11)) }),
    read: ({ enrollments }) => ({
      totalCount: enrollments.totalCount, hasNextPage: enrollments.pageInfo.hasNextPage,
      nodes: enrollments.nodes.map(({ id, updatedAt, person, ...rest }) =>
        ({ ...rest, id: plain(id), updatedAt: instant(updatedAt), person: { ...person, id: plain(person.id) } })),
    }),
  },
  postgraphile: {
    query: `query List($round: UUID!) { allEnrollments(first: 50, condition: { roundId: $round, status: "COMPLETED" },
      orderBy: [UPDATED_AT_DESC, ROW_ID_DESC]) { totalCount pageInfo { hasNextPage }
      nodes { rowId role status priority updatedAt personByPersonId { rowId name headline country externalId } } } }`,
    variables: (n) => ({ round: id(7, 1 + n % 11) }),
    read: ({ allEnrollments: found }) => ({
      totalCount: found.totalCount, hasNextPage: found.pageInfo.hasNextPage,
      nodes: found.nodes.map(({ rowId, updatedAt, personByPersonId, ...rest }) => ({ ...rest, id: rowId, updatedAt: instant(updatedAt),
        person: (({ rowId, ...rest }) => ({ ...rest, id: rowId }))(personByPersonId) })),
    }),
  },
  mercurius: {
    query: `query List($round: ID!) { enrollments(first: 50, roundId: $round, status: "COMPLETED") { totalCount hasNextPage
      nodes { id role status priority updatedAt person { id name headline country externalId } } } }`,
    variables: (n) => ({ round: id(7, 1 + n % 11) }),
    read: ({ enrollments }) => enrollments,
  },
};

const report = {
  person: () => id(2, 60_002),
  people: 12,
  counterpart: {
    query: `query Report($round: ID!) { round(id: $round) { name status statistics {
      enrollments { status count } matches { status count } matched unmatched } } }`,
    variables: (n) => ({ round: globalId("Round", id(7, 1 + n % 12)) }),
    read: ({ round: { statistics, ...rest } }) => ({
      ...rest, ...statistics, enrollments: sorted(statistics.enrollments), matches: sorted(statistics.matches) }),
  },
  postgraphile: {
    query: "query Report($round: UUID!) { roundByRowId(rowId: $round) { name status statistics } }",
    variables: (n) => ({ round: id(7, 1 + n % 12) }),
    read: ({ roundByRowId: { statistics, ...rest } }) => ({
      ...rest, enrollments: Object.entries(statistics.enrollments).sort(), matches: Object.entries(statistics.matches).sort(),
      matched: statistics.matched, unmatched: (statistics.enrollments.ACTIVE ?? 0) - statistics.matched }),
  },
  mercurius: {
    query: `query Report($round: ID!) { round(id: $round) { name status statistics {
      enrollments { status count } matches { status count } matched unmatched } } }`,
    variables: (n) => ({ round: id(7, 1 + n % 12) }),
    read: ({ round: { statistics, ...rest } }) => ({
      ...rest, ...statistics, enrollments: sorted(statistics.enrollments), matches: sorted(statistics.matches) }),
  },
};

export const pages = { home, list, report };
export const titles = { home: "Participant home", list: "Coordinator list", report: "Round report" };
export const servers = ["counterpart", "postgraphile", "mercurius"];
