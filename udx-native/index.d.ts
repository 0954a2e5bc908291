import UDX = require('../udx')

export = UDX
