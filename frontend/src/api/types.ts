/**
 * Names for what the API speaks of. They are taken from the paths and not from the schemas'
 * names, so that renaming a Rust type does not touch the frontend.
 */
import type { paths } from './schema.gen';

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;

export type Video = Json<paths['/api/videos/{id}']['get']['responses']['200']>;
/** A part of a film, up to where the next begins. */
export type Chapter = Video['chapters'][number];
export type VideoPage = Json<paths['/api/videos']['get']['responses']['200']>;
export type SearchPage = Json<paths['/api/search']['get']['responses']['200']>;
export type SearchHit = SearchPage['items'][number];
type WatchAnswer = Json<paths['/api/watch/{id}']['get']['responses']['200']>;
/** The gateway passes the video on as it gets it, which its description calls any object. */
export type Watch = Omit<WatchAnswer, 'video'> & { video: Video };
export type Upload = Json<paths['/api/uploads/{id}']['get']['responses']['200']>;
export type UploadPart = Upload['parts'][number];
export type PresignedPart = Json<
  paths['/api/uploads/{id}/parts']['post']['responses']['200']
>['parts'][number];
export type Rendition = Video['renditions'][number];
export type Availability = NonNullable<Watch['availability']>;
export type Playback = NonNullable<Watch['playback']>;
export type Me = Json<paths['/api/accounts/me']['get']['responses']['200']>;
export type User = NonNullable<Me['user']>;
export type Role = User['role'];
export type ManagedUser = Json<
  paths['/api/admin/users']['get']['responses']['200']
>['items'][number];
export type Quota = Json<paths['/api/quota']['get']['responses']['200']>['quota'];
export type Job = Json<paths['/api/admin/jobs']['get']['responses']['200']>['items'][number];
export type DeadLetter = Json<
  paths['/api/admin/dead-letters']['get']['responses']['200']
>['items'][number];
export type SignUp = NonNullable<
  paths['/api/accounts/sign-up']['post']['requestBody']
>['content']['application/json'];
export type TokenScope = NonNullable<
  paths['/api/accounts/tokens']['post']['requestBody']
>['content']['application/json']['scopes'][number];
export type VideoState = Video['state'];
export type Visibility = Video['visibility'];
export type EditVideo = NonNullable<
  paths['/api/videos/{id}']['patch']['requestBody']
>['content']['application/json'];
export type Listed = NonNullable<
  NonNullable<paths['/api/videos']['get']['parameters']['query']>['state']
>;
