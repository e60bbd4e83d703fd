import express from 'express'
import { loginForm, requireLogin } from './login-form.mjs'

const users = [
  { username: 'user1', password: 'password1' },
  { username: 'user2', password: 'password2' },
]
const findUser = (username, password) =>
  users.find((user) => user.username === username && user.password === password)

const app = express()
app.use(loginForm(findUser))
app.get('/', requireLogin, (request, response) => {
  response.send(`<h1>Welcome, ${request.user}!</h1>`)
})
app.listen(process.env.PORT ?? 3000, '127.0.0.1')
