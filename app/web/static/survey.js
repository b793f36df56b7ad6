// The page works without this. With it the follow-up question is shown for low scores only, and one press sends once.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const ready = () => {
    const followUps = [...document.querySelectorAll(".follow-up")].map((block) => {
      const radios = [...document.getElementsByName(block.dataset.for)];
      const text = block.querySelector("textarea");
      const isWrong = text.hasAttribute("aria-invalid");
      const show = () => {
        const chosen = radios.find((radio) => radio.checked);
        const isAsked = Boolean(chosen) && Number(chosen.value) <= Number(block.dataset.atMost);
        block.classList.toggle("asked", isAsked || (isWrong && text.value !== ""));
      };
      radios.forEach((radio) => radio.addEventListener("change", show));
      text.addEventListener("input", show);
      show();
      return { block, text, show };
    });

    const errors = document.getElementById("errors");
    if (errors) errors.focus();

    let sentAt = 0;
    const form = document.getElementById("survey");
    if (form) {
      form.addEventListener("submit", (event) => {
        if (Date.now() - sentAt < 5000) {
          event.preventDefault();
          return;
        }
        sentAt = Date.now();
        // What is hidden is not sent. It is disabled only now: a browser gives no text back to a disabled field.
        followUps.forEach(({ block, text }) => { text.disabled = !block.classList.contains("asked"); });
      });
    }
    // Whoever goes back finds the answers, which the browser gives back without telling anybody.
    window.addEventListener("pageshow", () => {
      sentAt = 0;
      followUps.forEach(({ text, show }) => {
        text.disabled = false;
        show();
      });
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
