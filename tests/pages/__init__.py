"""The pages in a browser: Debian's Chromium, driven by Playwright. Skipped where there is none."""
