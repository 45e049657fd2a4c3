import { count } from './count.js';

const text = document.getElementById('text');

text.addEventListener('input', () => {
  for (const [key, value] of Object.entries(count(text.value))) {
    document.getElementById(key).textContent = value;
  }
});
