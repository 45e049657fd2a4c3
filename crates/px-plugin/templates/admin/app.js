// Asks the plugin's own API, which the gateway serves beside these pages.
const text = document.getElementById('text');
let latest = 0;

text.addEventListener('input', async () => {
  const turn = ++latest;
  const answer = await fetch('../api/count', { method: 'POST', body: text.value });
  if (!answer.ok || turn !== latest) return;
  const count = await answer.json();
  for (const key of ['words', 'characters', 'seconds']) {
    document.getElementById(key).textContent = count[key];
  }
});
