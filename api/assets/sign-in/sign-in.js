// Redeems the code of a mailed link, when somebody presses the button: programs that open links in mails do not.

import { byId, copy, say } from '/assets/dom.js';

const EXPLORER_TOKEN = 'counterpart.explorer.token';

const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';
// The code must stay neither in the history nor on the screen.
history.replaceState(null, '', location.pathname);

function tell(text, kind = '') {
  const told = byId('told');
  told.className = `notice ${kind}`;
  told.hidden = false;
  say(told, text);
}

async function redeem() {
  const query = `mutation SignIn($input: SignInInput!) {
    signIn(input: $input) { tokens { accessToken accessTokenExpiresAt } userErrors { message } }
  }`;
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query, variables: { input: { code } } }),
  });
  const { data, errors } = await answer.json();
  const { tokens, userErrors = [] } = data?.signIn ?? {};
  if (!tokens) throw new Error((userErrors[0] ?? errors?.[0])?.message ?? 'There was no answer; try again.');
  return tokens;
}

/** Whether there is an explorer to go on to; its own token field takes the token for this tab. */
async function hasExplorer() {
  try {
    return (await fetch('/explorer', { method: 'HEAD' })).ok;
  } catch {
    return false;
  }
}

async function signIn() {
  byId('go').disabled = true;
  try {
    const { accessToken, accessTokenExpiresAt } = await redeem();
    byId('offer').hidden = true;
    byId('told').hidden = true;
    byId('token').value = accessToken;
    say(byId('until'), new Date(accessTokenExpiresAt).toLocaleTimeString());
    byId('done').hidden = false;
    if (await hasExplorer()) {
      try {
        sessionStorage.setItem(EXPLORER_TOKEN, accessToken);
      } catch { /* then it is pasted */ }
      byId('explorer').hidden = false;
    }
  } catch (error) {
    byId('go').disabled = false;
    tell(error.message, 'danger');
  }
}

if (code) {
  byId('offer').hidden = false;
  byId('go').addEventListener('click', signIn);
  byId('copy').addEventListener('click', (event) => copy(byId('token').value, event.target));
} else {
  tell('This page is for links from a mail. Ask for one, and open it here.');
}
