// The page works without this. With it the follow-up question is shown for low scores only, and one press sends once.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const ready = () => {
    document.querySelectorAll(".follow-up").forEach((block) => {
      const radios = [...document.getElementsByName(block.dataset.for)];
      const text = block.querySelector("textarea");
      const isWrong = text.hasAttribute("aria-invalid");
      const show = () => {
        const chosen = radios.find((radio) => radio.checked);
        const isAsked = Boolean(chosen) && Number(chosen.value) <= Number(block.dataset.atMost);
        block.classList.toggle("asked", isAsked || (isWrong && text.value !== ""));
        // What is hidden is not sent, and is there again when the score is lowered again.
        text.disabled = !block.classList.contains("asked");
      };
      radios.forEach((radio) => radio.addEventListener("change", show));
      text.addEventListener("input", show);
      show();
    });

    const errors = document.getElementById("errors");
    if (errors) errors.focus();

    const form = document.getElementById("survey");
    if (form) {
      let sentAt = 0;
      form.addEventListener("submit", (event) => {
        if (Date.now() - sentAt < 5000) event.preventDefault();
        else sentAt = Date.now();
      });
      window.addEventListener("pageshow", () => { sentAt = 0; });
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
