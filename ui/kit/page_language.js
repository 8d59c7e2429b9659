const YEAR = 365 * 24 * 60 * 60 // seconds

let remembered = ''

export default function ({ data }) {
  document.documentElement.lang = data.language // fonts and screen readers go by it
  if (!data.remember || data.remember === remembered) return
  remembered = data.remember
  document.cookie = `${data.cookie}=${data.language}; path=/; max-age=${YEAR}; samesite=lax`
}
