import { useMe } from '../shell/use-me.ts';
import { Tags } from '../ui/bits.tsx';
import { ChatCard } from './ChatCard.tsx';
import { PasswordCard } from './PasswordCard.tsx';
import { TokensCard } from './TokensCard.tsx';

/** What is one's own: password, tokens, the way to chat. */
export function AccountPage() {
  const me = useMe();
  if (!me) return null;
  const tags = [...(me.admin ? ['administrator'] : []), ...me.roles];
  return (
    <div className="content">
      <header className="page-head">
        <h1>Your account</h1>
        <p className="page-lead">
          You are {me.user}. {tags.length > 0 ? <Tags tags={tags} /> : 'You have no roles.'}
        </p>
      </header>
      <div className="two-columns">
        <TokensCard />
        <PasswordCard hasPassword={me.hasPassword} />
        {me.chat && <ChatCard />}
      </div>
    </div>
  );
}
