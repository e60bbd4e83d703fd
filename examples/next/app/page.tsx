export default function Home() {
  return (
    <p>
      Everybody sees this. <a href="/private">This one</a> needs a sign-in.
    </p>
  )
}
